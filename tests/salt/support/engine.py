"""A Docker engine for a Nomad on this machine, with images that the tests make."""

import secrets
import shutil
import subprocess
from pathlib import Path

from support.server import MISSING
from support.site import CHECKOUT
from support.waiting import until

SERVERS = CHECKOUT / "tests" / "servers"


def found():
    """The socket of the engine that runs here, or the program that starts one. None if there is neither."""
    asked = subprocess.run(
        [SERVERS / "get", "engine"], check=False, stdin=subprocess.DEVNULL, capture_output=True
    )
    assert asked.returncode in (0, MISSING), asked.stderr.decode()
    return Path(asked.stdout.decode().strip()) if asked.returncode == 0 else None


class Engine:
    """Its containers use the network of the host. At the end, nothing of them is left."""

    def __init__(self, path):
        """`path` is what `found` has found."""
        # Sockets are in this folder, so its path must be short. Its name is in the names of images, and Docker refuses
        # one that begins or ends with an underscore.
        self.folder = Path(f"/tmp/eos-{secrets.token_hex(4)}")
        self.folder.mkdir(mode=0o700)
        self.is_own = not path.is_socket()
        self.socket = self.folder / "docker.sock" if self.is_own else path
        argv = [SERVERS / "engine", self.folder, "host"]
        if not self.is_own:
            argv = [SERVERS / "sweep", self.socket, self.named("")[:-1]]
        with (self.folder / "log").open("wb") as log:
            # The pipe closes when this process ends. `sweep` outlives it, also after Ctrl-C.
            self.process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=not self.is_own,
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

    def named(self, image):
        """The name of an image of this process."""
        return f"{self.folder.name}/{image}"

    def image(self, image, *words):
        """Makes an image that runs `tests/servers/container` with these words. Returns its whole name."""
        name = self.named(image)
        subprocess.run([SERVERS / "image", self.socket, name, *words], check=True)
        return name

    def close(self):
        self.process.stdin.close()
        if self.is_own:
            self.process.kill()
        self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)
