"""Salt jobs: on minions through the master, or without a master on this host's own minion."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile

import salt.client
import salt.config
import salt.utils.args
import salt.utils.jid
from salt.exceptions import SaltException

from saltext.eos import bus

# Options that a call may set differently from the minion's configuration.
_OVERRIDES = ("id", "file_client", "local", "file_roots", "pillar_roots", "saltenv", "pillarenv")


def of(opts, nested):
    """The jobs of a call. ``nested``: the call itself is a state of the minion on which the jobs would run."""
    if opts.get("__role") != "master":
        overrides = {key: opts[key] for key in _OVERRIDES if opts.get(key)}
        return LocalJobs(opts["conf_file"], overrides, nested)
    if master_runs(opts):
        return MasterJobs(opts)
    minion = os.path.join(opts["config_dir"], "minion")
    return LocalJobs(minion, {"file_client": "local", "local": True}, nested)


def master_runs(opts):
    """Whether a process accepts jobs at the socket of the master."""
    return bus.accepts(opts, "publish_pull.ipc")


class MasterJobs:
    """Jobs that the master's client starts. Their answers are read from the master's job cache."""

    def __init__(self, opts):
        self._opts = opts
        self._client = salt.client.LocalClient(mopts=opts)
        self._open = {}

    def start(self, job):
        """Publish a job and return at once. ``run_job`` would print."""
        arguments = salt.utils.args.condition_input(job["arguments"], job["keywords"])
        published = self._publish(job["target"], job["function"], arguments, job["target_type"])
        minions = list(published.get("minions") or [])
        self._open[published.get("jid", "")] = minions
        return {"jid": str(published.get("jid", "")), "minions": minions, "local": False}

    def poll(self, jid):
        """What each minion has returned so far."""
        returner = self._client.returners[f"{self._opts['master_job_cache']}.get_jid"]
        return {
            minion: {"value": one.get("return"), "retcode": _retcode(one)}
            for minion, one in returner(jid).items()
        }

    def stop(self, jid):
        """Ask the minions to end the job."""
        if self._open.get(jid):
            self._publish(",".join(self._open[jid]), "saltutil.term_job", [jid], "list")

    def close(self):
        self._client.destroy()

    def _publish(self, target, function, arguments, kind):
        try:
            published = self._client.pub(target, function, arguments, kind)
        except SaltException as error:
            raise RuntimeError(str(error) or "the master does not answer") from error
        if published == "":
            raise RuntimeError("the master does not let this user run jobs")
        return published or {}


class LocalJobs:
    """Jobs as processes. Unlike a thread, a process can be ended, and the call gets signals while it waits."""

    def __init__(self, conf_file, overrides, nested):
        self._files = contextlib.ExitStack()
        self._minion = {
            "id": overrides.get("id") or salt.config.minion_config(conf_file)["id"],
            "conf_file": conf_file,
            "overrides": overrides,
            "nested": nested,
        }
        self._open = {}

    def start(self, job):
        """Start the process. Its answer says whether the target matches this minion."""
        answer = self._files.enter_context(_file())
        errors = self._files.enter_context(_file())
        child = subprocess.Popen(
            [sys.executable, "-m", "saltext.eos.local_job"],
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=errors,
            # Python must not import from the caller's folder, and Ctrl-C must not reach the job before the call.
            cwd="/",
            start_new_session=True,
        )
        jid = salt.utils.jid.gen_jid({})
        self._open[jid] = (child, answer, errors)
        with contextlib.suppress(BrokenPipeError), child.stdin as stdin:
            stdin.write(json.dumps({**self._minion, "job": job}).encode())
        return {"jid": jid, "minions": [self._minion["id"]], "local": True}

    def poll(self, jid):
        """The minion's return. Empty while the job runs."""
        child, answer, errors = self._open[jid]
        if child.poll() is None:
            return {}
        text = _text(answer)
        if not text:
            last = _text(errors).rpartition("\n")[2]
            raise RuntimeError(last or f"it ended with exit code {child.returncode}")
        returned = json.loads(text)
        if "refused" in returned:
            raise RuntimeError(returned["refused"])
        return {self._minion["id"]: returned}

    def stop(self, jid):
        """Ask the process and all its children to end."""
        _signal(self._open[jid][0], signal.SIGTERM)

    def close(self):
        """End the jobs that still run."""
        for child, _answer, _errors in self._open.values():
            _signal(child, signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.wait()
        self._files.close()


def _file():
    """A file without a name: it is deleted with its last descriptor."""
    return tempfile.TemporaryFile()


def _signal(child, number):
    # The signal goes to the child's group. ``poll`` reaps a child that has exited, and its pid may be used again.
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)


def _text(file):
    file.seek(0)
    return file.read().decode(errors="replace").strip()


def _retcode(returned):
    """The exit code. Older minions return only whether the job succeeded."""
    return int(returned.get("retcode") or (0 if returned.get("success", True) else 1))
