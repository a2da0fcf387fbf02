"""Runs Salt's commands by a process that has already imported Salt: `salt_parent.py`."""

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PARENT = Path(__file__).with_name("salt_parent.py")


class Forked:
    """Runs one call at a time. The parent process starts with the first call, and ends with `close`."""

    def __init__(self):
        self.parent = None

    def run(self, argv, *, env, cwd, timeout):
        """Runs a call like `subprocess.run`. Returns the exit code, and the bytes of stdout and stderr."""
        if self.parent is None:
            self.start()
        with contextlib.ExitStack() as pipes:
            ours = self.ask(
                pipes, {"argv": [str(one) for one in argv], "env": env, "cwd": str(cwd)}
            )
            heard = {one: bytearray() for one in ours}
            try:
                listen(heard, timeout)
            except BaseException as failure:
                self.give_up(bytes(heard[ours[0]]))
                if isinstance(failure, TimeoutError):
                    raise subprocess.TimeoutExpired(argv, timeout) from None
                raise
            said, out, err = (bytes(heard[one]) for one in ours)
            _, rc = said.split()
            return int(rc), out, err

    def start(self):
        self.socket, its = socket.socketpair()
        with its:
            self.parent = subprocess.Popen(
                [sys.executable, PARENT, str(its.fileno())],
                pass_fds=[its.fileno()],
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def ask(self, pipes, request):
        """Sends a request. Returns the pipes for the parent's messages, stdout and stderr."""
        pairs = [os.pipe() for _ in range(3)]
        for ours, _ in pairs:
            pipes.callback(os.close, ours)
        body = json.dumps(request).encode()
        try:
            socket.send_fds(self.socket, [len(body).to_bytes(8, "big")], [its for _, its in pairs])
            self.socket.sendall(body)
        finally:
            for _, its in pairs:
                os.close(its)
        return [ours for ours, _ in pairs]

    def give_up(self, said):
        """Ends the call and the parent, which may still wait for the call. The next call gets another parent."""
        if said:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(said.split()[0]), signal.SIGKILL)
        self.close()

    def close(self):
        if self.parent is not None:
            self.socket.close()
            self.parent.wait(30)
            self.parent = None


def listen(heard, timeout):
    """Reads every descriptor to its end."""
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as still:
        for one in heard:
            still.register(one, selectors.EVENT_READ)
        while still.get_map():
            if not (ready := still.select(max(0, deadline - time.monotonic()))):
                raise TimeoutError
            for key, _ in ready:
                part = os.read(key.fd, 1 << 16)
                heard[key.fd] += part
                if not part:
                    still.unregister(key.fd)
