"""A run on a master, in a job of its own. This process only follows its events."""

import contextlib
import json
import signal
import sys
import time

from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.escape import printable

# Salt puts this word in place of a value that makes an event too large.
_TRIMMED = "VALUE_TRIMMED"
# After so many seconds without an event of the run, the master is asked about it.
_SILENCE = 30
_ENDED = ("complete", "failed")


class Unreachable(UsageError):
    """The master or its salt-api does not answer."""


class Follower:
    """Starts the call as an asynchronous job of the master, and follows it to its end.

    A place provides ``start(function, arguments)``, which returns the id of the job, and ``events()``, a context
    manager with an iterator over (tag, data). The iterator yields None if there was no event for a moment. Its ``way``
    tells the master how the call has reached it.
    """

    here = False

    def __exit__(self, *_):
        """The job does not depend on this process."""

    def stopped(self):
        """Whether the master has visibly stopped since ``events`` began."""
        return False

    def report(self, call):
        """The report of the call, from the last event of its job."""
        # The first event may be sent before the master has answered.
        with self.events() as events, _Interrupts() as interrupts:
            # Texts of the run name commands that lead here again.
            arguments = {**call.arguments, "__eos_by": self.way}
            run = _Run(self, call, self.start(call.function, arguments))
            for event in events:
                if interrupts.take():
                    run.interrupt()
                if event and (report := run.hear(*event)) is not None:
                    return report
                run.check()
        raise UsageError(f"the events of the master have ended. {run.where()}")


class _Run:
    def __init__(self, place, call, jid):
        self._place, self._call, self._jid = place, call, jid
        self._run_id = self._question = None
        self._heard = time.monotonic()
        self._stages = {}
        self._is_stopping = self._is_cancelled = self._was_ended = False

    def hear(self, tag, data):
        """The report, if this event is the last one of the job."""
        if tag == f"salt/run/{self._jid}/ret":
            return _report(data)
        if tag == f"salt/run/{self._question}/ret":
            self._learn(data.get("return"))
        if tag.startswith("eos/") and data.get("jid") == self._jid:
            self._heard = time.monotonic()
            self._run_id = data.get("run_id") or self._run_id
            if data.get("died"):
                # A later run tells of it, so its own last event never comes.
                raise UsageError(f"{self._name()} was killed or crashed. {self._unknown()}")
            self._show(tag, data)
            self._cancel()
        return None

    def interrupt(self):
        """The first interrupt asks the run to stop. The second one ends only this process."""
        if self._is_stopping or not self._call.changes:
            raise UsageError(f"no longer following the run. {self.where()}")
        self._is_stopping = True
        _say("stopping: the run on the master will be asked to stop. Ctrl-C again ends eos")
        self._cancel()

    def _cancel(self):
        """The id of the run is known only from its first event."""
        if self._is_stopping and self._run_id and not self._is_cancelled:
            self._is_cancelled = True
            try:
                self._place.start("cancel", self._named())
            except UsageError as error:
                self._is_cancelled = False
                raise UsageError(
                    f"the run was not asked to stop: {error}. {self.where()}"
                ) from error

    def check(self):
        """After a silence, ask about the run. Its last event never comes if the master has stopped."""
        if time.monotonic() - self._heard < _SILENCE:
            return
        self._heard = time.monotonic()
        if self._place.stopped():
            raise UsageError(f"the master has stopped, or was restarted. {self._unknown()}")
        try:
            self._question = self._place.start("show", self._named())
        except Unreachable as error:
            raise UsageError(f"{error}. {self._unknown()}") from error
        except UsageError:
            # This user may not ask.
            pass

    def _learn(self, shown):
        """Read the answer of the master about the run."""
        run = shown.get("run") if isinstance(shown, dict) else None
        state = run.get("state") if isinstance(run, dict) else None
        if state == "died" or (state in _ENDED and self._was_ended):
            raise UsageError(f"the run has ended, and its report did not come. {self._unknown()}")
        # The last event comes a moment after the end. It is lost if the next answer is the same.
        self._was_ended = state in _ENDED

    def _named(self):
        """The arguments of a call about the run. The same minion's pillar has its environment."""
        named = {"run_id": self._run_id, "minion": self._call.arguments.get("minion")}
        return {name: value for name, value in named.items() if value}

    def where(self):
        """How to find a run that has not ended yet."""
        if self._is_cancelled:
            return f"{self._name()} was asked to stop: eos status and eos history show how it ends"
        return f"{self._name()} continues on the master: eos status and eos history show it"

    def _unknown(self):
        return f"eos status and eos history show what became of {self._name()}"

    def _show(self, tag, data):
        """One line for each stage of a component, as on a pipe. The report says more of the whole run."""
        parts = tag.split("/")
        if "operation" in data or len(parts) != 4 or parts[3] == "resource":
            return
        component, stage = parts[2:]
        # A stage has several events, such as one with the number of its resources.
        if self._stages.get(component) != stage and sys.stderr.isatty():
            _say(f"  {component}  {stage.replace('_', ' ')}")
        self._stages[component] = stage

    def _name(self):
        return printable(f"run {self._run_id}" if self._run_id else f"job {self._jid}")


def _report(data):
    returned = data.get("return")
    if isinstance(returned, dict) and returned.get("drawing") == _TRIMMED:
        raise UsageError(
            "the answer is larger than max_event_size of the master: run eos on the master, or raise it there"
        )
    if _TRIMMED in json.dumps(returned, default=str):
        _say("parts of this report are larger than max_event_size of the master: eos show has all")
    if not isinstance(returned, dict):
        raise UsageError(printable(str(returned)))
    return returned


def _say(text):
    print(printable(text), file=sys.stderr, flush=True)


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
