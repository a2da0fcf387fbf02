"""Waits for conditions, never for a fixed time."""

import time


def until(fact, what, *, timeout=30):
    """Polls until `fact()` is true, and returns its value. Fails after the timeout, and names `what`."""
    deadline = time.monotonic() + timeout
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout} s still not: {what}")
        time.sleep(0.05)
