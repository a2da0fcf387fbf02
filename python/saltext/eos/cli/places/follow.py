"""A run on a master, in a job of its own. This process only follows its events."""

import contextlib
import json
import signal
import sys

from saltext.eos.cli.errors import UsageError

# Salt puts this word in place of a value that makes an event too large.
_TRIMMED = "VALUE_TRIMMED"


class Follower:
    """Starts the call as an asynchronous job of the master, and follows it to its end.

    A place provides ``start(function, arguments)``, which returns the id of the job, and ``events()``, a context
    manager with an iterator over (tag, data). The iterator yields None if there was no event for a moment.
    """

    here = False

    def __exit__(self, *_):
        """The job does not depend on this process."""

    def report(self, call):
        """The report of the call, from the last event of its job."""
        # The first event may be sent before the master has answered.
        with self.events() as events, _Interrupts() as interrupts:
            run = _Run(self, call, self.start(call.function, call.arguments))
            for event in events:
                if interrupts.take():
                    run.interrupt()
                if event and (report := run.hear(*event)) is not None:
                    return report
        raise UsageError(f"the events of the master have ended. {run.where()}")


class _Run:
    def __init__(self, place, call, jid):
        self._place, self._call, self._jid = place, call, jid
        self._run_id = None
        self._is_stopping = self._is_cancelled = False

    def hear(self, tag, data):
        """The report, if this event is the last one of the job."""
        if tag == f"salt/run/{self._jid}/ret":
            return _report(data)
        if tag.startswith("eos/") and data.get("jid") == self._jid:
            self._run_id = data.get("run_id") or self._run_id
            _show(tag)
            self._cancel()
        return None

    def interrupt(self):
        """The first interrupt asks the run to stop. The second one ends only this process."""
        if self._is_stopping or not self._call.changes:
            raise UsageError(f"no longer following the run. {self.where()}")
        self._is_stopping = True
        _say("stopping: asked the run on the master to stop; again to leave it alone")
        self._cancel()

    def _cancel(self):
        """The id of the run is known only from its first event."""
        if self._is_stopping and self._run_id and not self._is_cancelled:
            self._is_cancelled = True
            self._place.start("cancel", {"run_id": self._run_id})

    def where(self):
        """How to find the run again."""
        name = f"run {self._run_id}" if self._run_id else f"job {self._jid}"
        return f"{name} continues on the master: eos status and eos history show it"


def _report(data):
    returned = data.get("return")
    if _TRIMMED in json.dumps(returned, default=str):
        _say("parts of this report are larger than max_event_size of the master: eos show has all")
    if not isinstance(returned, dict):
        raise UsageError(str(returned))
    return returned


def _show(tag):
    """One line for each stage of a component, as on a pipe."""
    parts = tag.split("/")
    if len(parts) == 4 and sys.stderr.isatty() and parts[3] != "resource":
        _say(f"  {parts[2]}  {parts[3].replace('_', ' ')}")


def _say(text):
    print(text, file=sys.stderr, flush=True)


class _Interrupts(contextlib.AbstractContextManager):
    """Counts Ctrl-C. An exception in the middle of Salt's event loop would lose the connection."""

    def __enter__(self):
        self._waiting = 0
        self._before = signal.signal(signal.SIGINT, self._count)
        return self

    def __exit__(self, *_):
        signal.signal(signal.SIGINT, self._before)

    def _count(self, *_):
        self._waiting += 1

    def take(self):
        """Whether there was one since the last call."""
        taken, self._waiting = self._waiting > 0, max(self._waiting - 1, 0)
        return taken
