"""Ports for servers of the tests."""

import contextlib
import random
import socket

# Below the ephemeral ports of the system and the ports that Nomad gives to its tasks.
RANGE = range(15000, 20000)
taken = []


def free_port():
    """A port on which nobody listens, and that no other test on this machine gets."""
    for port in random.SystemRandom().sample(RANGE, len(RANGE)):
        # An abstract socket with this name marks the port as taken. It ends with its process.
        mark = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), socket.socket() as probe:
            mark.bind(f"\0eos-test-port-{port}")
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            taken.append(mark)
            return port
        mark.close()
    raise AssertionError("no port is free")
