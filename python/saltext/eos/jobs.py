"""Jobs of Salt's: on minions by the master, or without one on this host's own minion."""

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

# What a call may say otherwise than the minion's configuration does.
_OVER = ("id", "file_client", "local", "file_roots", "pillar_roots", "saltenv", "pillarenv")


def of(opts, nested):
    """Who runs jobs for this call. ``nested``: it is itself a state of the minion that they would run on."""
    if opts.get("__role") != "master":
        over = {key: opts[key] for key in _OVER if opts.get(key)}
        return LocalJobs(opts["conf_file"], over, nested)
    # Where the master takes what is to be published to minions.
    if bus.somebody_listens(opts, "publish_pull.ipc"):
        return MasterJobs(opts)
    minion = os.path.join(opts["config_dir"], "minion")
    return LocalJobs(minion, {"file_client": "local", "local": True}, nested)


class MasterJobs:
    """By the master's own client. The answers come from the master's job cache, where every client looks."""

    def __init__(self, opts):
        self._opts = opts
        self._client = salt.client.LocalClient(mopts=opts)
        self._open = {}

    def start(self, job):
        """Publish; nobody is waited for. Not by ``run_job``: that prints."""
        arguments = salt.utils.args.condition_input(job["arguments"], job["keywords"])
        published = self._publish(job["target"], job["function"], arguments, job["target_type"])
        minions = list(published.get("minions") or [])
        self._open[published.get("jid", "")] = minions
        return {"jid": str(published.get("jid", "")), "minions": minions, "local": False}

    def poll(self, jid):
        """Minion to what it returned so far."""
        returner = self._client.returners[f"{self._opts['master_job_cache']}.get_jid"]
        return {
            minion: {"value": one.get("return"), "retcode": _retcode(one)}
            for minion, one in returner(jid).items()
        }

    def stop(self, jid):
        """Ask those that run it to end it."""
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
    """A process a job, as salt-call would be: it can be waited for with signals live, and ended."""

    def __init__(self, conf_file, over, nested):
        minion = over.get("id") or salt.config.minion_config(conf_file)["id"]
        self._files = contextlib.ExitStack()
        self._minion = {"id": minion, "conf_file": conf_file, "over": over, "nested": nested}
        self._open = {}

    def start(self, job):
        """Whether the target matches is found out there, and told by ``poll``."""
        answer = self._files.enter_context(_file())
        words = self._files.enter_context(_file())
        child = subprocess.Popen(
            [sys.executable, "-m", "saltext.eos.local_job"],
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=words,
            # Nothing of the caller's folder is to be imported, and no Ctrl-C is to reach it before us.
            cwd="/",
            start_new_session=True,
        )
        jid = salt.utils.jid.gen_jid({})
        self._open[jid] = (child, answer, words)
        with contextlib.suppress(BrokenPipeError), child.stdin as told:
            told.write(json.dumps({**self._minion, "job": job}).encode())
        return {"jid": jid, "minions": [self._minion["id"]], "local": True}

    def poll(self, jid):
        """Nothing while it runs."""
        child, answer, words = self._open[jid]
        if child.poll() is None:
            return {}
        told = _text(answer)
        if not told:
            raise RuntimeError(_last(_text(words)) or f"it ended with exit code {child.returncode}")
        told = json.loads(told)
        if "refused" in told:
            raise RuntimeError(told["refused"])
        return {self._minion["id"]: told}

    def stop(self, jid):
        """Ask it to end, and all that it started."""
        _signal(self._open[jid][0], signal.SIGTERM)

    def close(self):
        """What nobody waits for any more is not left behind."""
        for child, _answer, _words in self._open.values():
            _signal(child, signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.wait()
        self._files.close()


def _file():
    """It has no name, and goes with its last descriptor."""
    return tempfile.TemporaryFile()


def _signal(child, number):
    # Its group goes with it; one that has ended is reaped here, and its number is nobody's.
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)


def _text(file):
    file.seek(0)
    return file.read().decode(errors="replace").strip()


def _last(text):
    return text.splitlines()[-1] if text else ""


def _retcode(returned):
    """Older minions say only whether it was a success."""
    return int(returned.get("retcode") or (0 if returned.get("success", True) else 1))
