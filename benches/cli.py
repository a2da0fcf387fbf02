"""The command `eos`: the time of its help, and the processor time of a question.

A question is compared with its floor: a Python that imports what Salt needs to compile a pillar, and compiles it. What
`eos` adds to that is its own.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from master import configure

BIN = Path(sys.executable).parent
FLOOR = """
import sys
import salt.config, salt.loader, salt.pillar, salt.utils.minions
opts = salt.config.client_config(sys.argv[1])
grains = salt.loader.grains(opts)
salt.pillar.Pillar(opts, grains, opts["id"], "base").compile_pillar()
"""


def processor(argv):
    """The processor seconds of one command."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, argv
    return usage.ru_utime + usage.ru_stime


def help_milliseconds(rounds):
    """The median time of `eos --help`, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run([BIN / "eos", "--help"], stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def measure(scratch, infrastructure, rounds):
    """For `eos status`: the processor seconds above the floor, and the ratio to salt-run."""
    scratch.mkdir()
    conf = configure(scratch, infrastructure)
    subprocess.run(
        [BIN / "eos", "apply", "staging", "-c", conf], stdout=subprocess.DEVNULL, check=True
    )
    sides = {
        "floor": [sys.executable, "-c", FLOOR, conf / "master"],
        "eos": [BIN / "eos", "status", "staging", "-c", conf],
        "salt-run": [BIN / "salt-run", "-c", conf, "infrastructure.status", "staging"],
    }
    taken = {side: [] for side in sides}
    for _ in range(rounds):
        for side, argv in sides.items():
            taken[side].append(processor(argv))
    median = {side: statistics.median(times) for side, times in taken.items()}
    figures = ", ".join(f"{side} {seconds:.2f} s" for side, seconds in median.items())
    print(f"  status, processor time: {figures}")
    return median["eos"] - median["floor"], median["eos"] / median["salt-run"]


if __name__ == "__main__":
    import tempfile

    import run

    folder = Path(tempfile.mkdtemp(prefix="eos-bench-"))
    (folder / "module").mkdir()
    (folder / "module" / "main.tf").write_text(run.MODULE)
    print(help_milliseconds(9))
    print(
        measure(
            folder / "cli",
            run.pillar(folder / "root", folder / "module", run.COMPONENTS),
            run.ROUNDS,
        )
    )
