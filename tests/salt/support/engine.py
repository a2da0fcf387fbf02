"""A Docker engine of its own, for a Nomad on this machine, with images that the tests make."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from support.server import MISSING
from support.site import CHECKOUT
from support.waiting import until

SERVERS = CHECKOUT / "tests" / "servers"


def available():
    """Whether an engine can be started here."""
    asked = subprocess.run(
        [SERVERS / "get", "dockerd"], check=False, stdin=subprocess.DEVNULL, capture_output=True
    )
    assert asked.returncode in (0, MISSING), asked.stderr.decode()
    return asked.returncode == 0


class Engine:
    """Its containers use the network of the host. It ends with everything that it runs."""

    def __init__(self):
        # Sockets are in this folder, so its path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="eos-", dir="/tmp"))
        self.socket = self.folder / "docker.sock"
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [SERVERS / "engine", self.folder, "host"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            until(self.ready, "the Docker engine is ready", timeout=60)
        except BaseException:
            self.close()
            raise

    def ready(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        argv = ["docker", f"--host=unix://{self.socket}", "info"]
        return subprocess.run(argv, check=False, capture_output=True).returncode == 0

    def image(self, name, *words):
        """Makes an image that runs `tests/servers/container` with these words."""
        subprocess.run([SERVERS / "image", self.socket, name, *words], check=True)

    def close(self):
        self.process.kill()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)
