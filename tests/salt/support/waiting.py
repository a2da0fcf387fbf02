"""Waiting for facts, never for time."""

import time


def until(fact, what, *, timeout=30):
    """Polls until `fact()` is true and returns it; else fails, saying what never came."""
    deadline = time.monotonic() + timeout
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout} s still not: {what}")
        time.sleep(0.05)
