"""The rate limit of a project: a bucket that fills again by some requests a second."""

import math
import time


class Limit:
    """3,600 requests an hour, one more each second."""

    def __init__(self):
        self.size, self.rate, self.left = 3600, 1.0, 3600.0
        # None: it begins to fill with the next request, so that a test knows what this one finds.
        self.at = None
        # After so many requests, none is allowed for so many seconds: another program has used all of them.
        self.closes_after, self.closes_for, self.opens = None, 0.0, 0.0

    def fill(self):
        """Adds what has come back since the last call."""
        now = time.monotonic()
        before = now if self.at is None else self.at
        full = before < self.opens <= now
        self.left = self.size if full else min(self.size, self.left + (now - before) * self.rate)
        self.at = now

    def take(self):
        """Whether a request is allowed, and the headers of its answer."""
        self.fill()
        if self.at < self.opens:
            self.left = 0
        allowed = self.left >= 1
        if allowed:
            self.left -= 1
        if self.closes_after is not None:
            self.closes_after -= 1
            if self.closes_after == 0:
                self.opens = self.at + self.closes_for
        full = math.ceil(time.time() + (self.size - self.left) / self.rate)
        return allowed, {
            "RateLimit-Limit": str(self.size),
            "RateLimit-Remaining": str(int(self.left)),
            "RateLimit-Reset": str(full),
        }

    def change(self, wanted):
        """Sets `size`, `left` and `rate`, and when it closes: `after` requests, `seconds` long."""
        self.fill()
        self.size = wanted.get("size", self.size)
        self.rate = wanted.get("rate", self.rate)
        self.left = float(wanted.get("left", min(self.left, self.size)))
        self.at = None
        self.closes_after = wanted.get("after", self.closes_after)
        self.closes_for = wanted.get("seconds", self.closes_for)
