"""A command on a pseudo-terminal, for tests of questions."""

import contextlib
import os
import select
import subprocess
import time


class Pty:
    """A running command whose stdin, stdout and stderr are one terminal."""

    def __init__(self, argv, folder, env):
        self.master, slave = os.openpty()
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=env | {"TERM": "xterm"},
            start_new_session=True,
        )
        os.close(slave)
        self.text = ""

    def expect(self, words, timeout=60):
        """Reads until these words were printed."""
        end = time.monotonic() + timeout
        while words not in self.text:
            assert self.read(end), f"{words!r} was not printed:\n{self.text}"

    def read(self, end):
        """Reads once. False at the end of the output, and when the time is over."""
        ready, _, _ = select.select([self.master], [], [], max(end - time.monotonic(), 0))
        if not ready:
            return False
        with contextlib.suppress(OSError):
            if piece := os.read(self.master, 65536):
                self.text += piece.decode(errors="replace")
                return True
        return False

    def type(self, line):
        os.write(self.master, f"{line}\n".encode())

    def finish(self, timeout=60):
        """Reads to the end. Returns the exit code."""
        end = time.monotonic() + timeout
        while self.read(end):
            pass
        return self.process.wait(timeout)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        os.close(self.master)
