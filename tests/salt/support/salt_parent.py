"""A process that has imported Salt, and forks for each call. A call is like `salt-run`, without the time for its start.

    python salt_parent.py FD

FD is a socket. A request is the number of its bytes, with three descriptors, and then JSON: `argv`, `env` and `cwd`.
This process writes the call's pid to the first descriptor, and later its exit code. The others are the call's stdout
and stderr.

The call runs the same script as a real start, and ends as Python ends. There are four differences: Salt's and Eos's
modules were imported before, in another environment than that of the call, its arguments are not in
`/proc/PID/cmdline`, Salt's loader is quicker (`quick_loader.py`), and Python does not free its objects at the end.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import socket
import sys
import threading

import quick_loader

# Modules that most calls import. None of them starts a thread or opens a file.
IMPORTED = [
    "email.generator",
    "salt.cli.call",
    "salt.cli.run",
    "salt.cli.salt",
    "salt.client.ssh.client",
    "salt.config.worker_pools",
    "salt.fileserver.gitfs",
    "salt.loader.dunder",
    "salt.master",
    "salt.modules.cmdmod",
    "salt.modules.file",
    "salt.pillar.git_pillar",
    "salt.runner",
    "salt.runners.winrepo",
    "salt.scripts",
    "salt.serializers.yaml",
    "salt.transport.tcp",
    "salt.utils.reactor",
    "salt.utils.yamlloader_old",
    "salt.wheel",
    "saltext.eos._core",
    "saltext.eos.cli.call",
    "saltext.eos.cli.main",
    "saltext.eos.cli.page",
    "saltext.eos.cli.places.local",
    "saltext.eos.cli.shown",
    "saltext.eos.runners.infrastructure",
    "smtplib",
]


def serve(asked):
    """Forks for each request. Runs the script in a child; returns in the parent after the last request."""
    while True:
        head, given, _, _ = socket.recv_fds(asked, 8, 3)
        if not head:
            return
        request = json.loads(asked.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        call, parent = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        pid = os.fork()
        if not pid:
            asked.close()
            call.close()
            run(become(given, **request), parent)
        parent.close()
        told, *others = given
        for one in others:
            os.close(one)
        with open(told, "wb", buffering=0) as told:
            told.write(b"%d " % pid)
            _, status = os.waitpid(pid, 0)
            with call:
                quick_loader.learn(call)
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


def run(script, parent):
    """Runs the script as the main module, and ends this process."""
    try:
        runpy.run_path(script, run_name="__main__")
        code = 0
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        code = end.code or 0
    quick_loader.report(parent)
    # To free all objects would take a fifth of the call's time, because all their memory must first be copied.
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)  # Python reports this at its end, and changes the exit code.
    os._exit(code & 0xFF)


def fresh(stream):
    """Another stream on the same file descriptor."""
    how = {"encoding": stream.encoding, "errors": stream.errors}
    buffering = 1 if stream.line_buffering else -1
    return open(stream.fileno(), "w", buffering, closefd=False, **how)


def main():
    asked = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTED:
        importlib.import_module(name)
    sys.path[0] = os.path.dirname(sys.executable)  # the folder of the scripts
    quick_loader.install()
    gc.collect()
    gc.freeze()
    tasks = os.listdir("/proc/self/task")
    assert len(tasks) == 1, "a thread would be missing in each child"
    serve(asked)


main()
