"""A site in which all files and all output are searched for secrets after each step."""

import collections
import os
import stat

from support import kinds

# Salt only appends to these files, so only their new part is searched.
APPENDED = ("/log", "/log-minion")
# More bytes than any form of a secret has.
LONGEST = 1000


class Searched:
    """Runs commands with Salt's most detailed log, and records all secrets that it finds."""

    def __init__(self, site, flock):
        self.site, self.flock = site, flock
        self.called = collections.defaultdict(set)
        self.leaks, self.open_to_others, self.held = [], [], collections.defaultdict(set)
        self.seen = {}

    def run(self, function, *words, rc=0):
        """Runs a function of the runner."""
        self.called["runner"].add(function)
        argv = self.site.salt_run("-l", "debug", f"infrastructure.{function}", *words)
        return self.heard(function, self.site.finish(argv), rc)

    def call(self, name, *words, rc=0):
        """Runs a function of an execution module, without a master."""
        done = self.site.finish(self.site.salt_call("-l", "debug", name, *words))
        return self.heard(name, done, rc)

    def heard(self, step, done, rc):
        assert done.rc == rc and "Traceback" not in done.said, done
        self.look(f"the words of {step}", done.said.encode())
        self.sweep(step)
        return done

    def look(self, place, text, *, but=()):
        self.leaks.extend(f"{place}: {one}" for one in self.flock.heard(text, but=but))

    def sweep(self, step, *, running=False):
        """Searches every file of the site: Salt's own files, the output of commands, and all files below the root.

        While a terraform runs, only the folder of its files is closed to others.
        """
        for folder, _, names in os.walk(self.site.folder):
            for path in (os.path.join(folder, name) for name in names):
                self.file(step, path, running)

    def file(self, step, path, running):
        try:
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode):
                return self.look(path, os.readlink(path).encode())
            if not stat.S_ISREG(info.st_mode):
                return None
            now = (info.st_ino, info.st_mtime_ns, info.st_size)
            before = self.seen.get(path)
            if before == now:
                return None
            with open(path, "rb") as file:
                if before and path.endswith(APPENDED) and before[0] == now[0]:
                    file.seek(max(0, before[2] - LONGEST))
                text = file.read()
            above = os.stat(os.path.dirname(path))
        except FileNotFoundError:
            return None
        self.seen[path] = now
        below = os.path.relpath(path, self.site.root)
        kind = kinds.of(below, text)
        if kind is None:
            return self.look(f"{below} after {step}", text)
        self.held[kind].update(one.partition(":")[0] for one in self.flock.heard(text))
        if (stat.S_IMODE(info.st_mode), stat.S_IMODE(above.st_mode)) != (0o600, 0o700):
            if running and stat.S_IMODE(above.st_mode) == 0o700:
                del self.seen[path]
                return None
            self.open_to_others.append(f"{below}: {info.st_mode:o} in {above.st_mode:o}")
        return None
