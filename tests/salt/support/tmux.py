"""A terminal that a test can look at."""

import shlex
import subprocess

from support import programs


class Terminal:
    """One command in its own tmux, on its own socket."""

    def __init__(self, folder, argv, env, *, width=100, height=30):
        self.tmux = [programs.require("tmux"), "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self.done = folder / "tmux.rc"
        self.env = env | {"TERM": "screen-256color"}
        # Ctrl-C reaches this shell too. The shell must outlive the command and write its exit code.
        command = (
            f"trap : INT; {shlex.join(map(str, argv))}; "
            f"echo $? > {shlex.quote(str(self.done))}; sleep 600"
        )
        size = ["-x", str(width), "-y", str(height)]
        self.run("new-session", "-d", *size, "-c", str(folder), "sh", "-c", command)

    def run(self, *words):
        done = subprocess.run(
            [*self.tmux, *words], env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def screen(self, *, colours=False):
        """The text on the screen and above it. A line that was too long for the screen is one line."""
        return self.run("capture-pane", "-p", "-J", "-S", "-500", *(["-e"] if colours else []))

    def resize(self, width):
        self.run("resize-window", "-x", str(width))

    def press(self, key):
        self.run("send-keys", key)

    @property
    def rc(self):
        """The command's exit code, or None while it runs."""
        text = self.done.read_text() if self.done.exists() else ""
        return int(text) if text.strip() else None

    def close(self):
        subprocess.run([*self.tmux, "kill-server"], env=self.env, capture_output=True, check=False)
