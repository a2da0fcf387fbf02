"""A process that has imported Salt, and forks for each call. A call is like `salt-run`, without the time for its start.

    python salt_parent.py FD

FD is a socket. A request is the number of its bytes, with three descriptors, and then JSON: `argv`, `env` and `cwd`.
This process writes the call's pid to the first descriptor, and later its exit code. The others are the call's stdout
and stderr.

The call runs the same script as a real start, and ends as Python ends. There are three differences: Salt's modules were
imported before, in another environment than that of the call, its arguments are not in `/proc/PID/cmdline`, and Salt's
loader is quicker (`quick_loader.py`).
"""

import gc
import importlib
import json
import os
import runpy
import socket
import sys

import quick_loader

# Modules that a call imports in any case. None of them starts a thread or opens a file.
IMPORTED = [
    "salt.scripts",
    "salt.cli.run",
    "salt.cli.call",
    "salt.cli.salt",
    "salt.client.ssh.client",
    "salt.fileserver.gitfs",
    "salt.master",
    "salt.modules.cmdmod",
    "salt.modules.file",
    "salt.pillar.git_pillar",
    "salt.runner",
    "salt.serializers.yaml",
    "salt.transport.tcp",
    "salt.wheel",
    "saltext.eos._core",
]


def serve(asked):
    """Forks for each request. Returns the script to run in a child, and None in the parent after the last request."""
    while True:
        head, given, _, _ = socket.recv_fds(asked, 8, 3)
        if not head:
            return None
        request = json.loads(asked.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        pid = os.fork()
        if not pid:
            asked.close()
            return become(given, **request)
        told, *others = given
        for one in others:
            os.close(one)
        with open(told, "wb", buffering=0) as told:
            told.write(b"%d " % pid)
            _, status = os.waitpid(pid, 0)
            told.write(b"%d" % os.waitstatus_to_exitcode(status))


def become(given, argv, env, cwd):
    """Sets up the process as an exec would do. Returns the script."""
    told, out, err = given
    os.close(told)
    for one, number in ((out, 1), (err, 2)):
        os.dup2(one, number)
        os.close(one)
    # A stream remembers whether its file can be seeked, which is wrong for the new file.
    sys.stdout, sys.stderr = fresh(sys.stdout), fresh(sys.stderr)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv[:] = argv
    sys.path[0] = os.path.dirname(argv[0])
    return argv[0]


def fresh(stream):
    """Another stream on the same file descriptor."""
    how = {"encoding": stream.encoding, "errors": stream.errors}
    buffering = 1 if stream.line_buffering else -1
    return open(stream.fileno(), "w", buffering, closefd=False, **how)


def main():
    asked = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTED:
        importlib.import_module(name)
    quick_loader.install()
    gc.collect()
    gc.freeze()
    tasks = os.listdir("/proc/self/task")
    assert len(tasks) == 1, "a thread would be missing in each child"
    script = serve(asked)
    if script:
        runpy.run_path(script, run_name="__main__")


main()
