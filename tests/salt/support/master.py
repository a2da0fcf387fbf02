"""A real master and a real minion, each as a process."""

import contextlib
import os
import signal
import subprocess

from support.ports import free_port
from support.site import BIN, Site
from support.waiting import until


class Master(Site):
    """A site with a running master, and with a minion named `minion`."""

    def __init__(self, folder, *, extra=None, env=None):
        # Salt then sees a module that a test has just written at once, and not after 20 seconds.
        # A start of one of Salt's five workers takes 0.9 s of processor time.
        own = {"fileserver_list_cache_time": 0, "worker_threads": 2, **(extra or {})}
        super().__init__(folder, ports=(free_port(), free_port()), extra=own, sink=False)
        self.env |= env or {}
        self.processes = [self.daemon("salt-master"), self.daemon("salt-minion")]
        try:
            until(self.answers, "the minion answers a ping", timeout=90)
        except BaseException:
            self.close()
            raise

    def daemon(self, program):
        with (self.folder / f"{program}.out").open("wb") as out:
            return subprocess.Popen(
                [BIN / program, "-c", self.conf],
                env=self.env,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def answers(self):
        assert all(one.poll() is None for one in self.processes), "a daemon ended at once"
        ping = self.salt("test.ping", timeout=90)
        return '"minion": true' in ping.stdout

    def salt(self, *words, **how):
        """Runs `salt minion ...`, as the master's user types it."""
        return self.finish(self.salt_command("--out=json", "-t", "60", "minion", *words), **how)

    def salt_command(self, *words):
        return [BIN / "salt", "-c", self.conf, *words]

    def listen(self):
        """Prints all events from now on, one line `tag<TAB>json` for each."""
        return self.start([BIN / "salt-run", "-c", self.conf, "state.event"])

    def close(self):
        for one in reversed(self.processes):
            one.terminate()
        for one in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.wait(3)
            # Ends the remaining processes of the daemon's session.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait(5)
        super().close()
