"""A run that passes over 500 unchanged components (`--no-refresh`), compared with Salt's own start.

The floor is that of `cli.py`: a Python that imports what Salt needs to compile a pillar, and compiles it.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from cli import BIN, FLOOR


def wall(argv):
    """The wall-clock seconds of one command."""
    began = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def measure(conf, calls, rounds):
    """The seconds above the floor, and the number of terraforms that all these runs started.

    ``calls``: the file in which a wrapper counts them.
    """
    argv = [BIN / "eos", "apply", "staging", "--no-refresh", "-c", conf]
    # The first one plans everything, and remembers.
    wall(argv)
    before = calls.read_text()
    taken = {"floor": [], "eos": []}
    for _ in range(rounds):
        taken["floor"].append(wall([sys.executable, "-c", FLOOR, conf / "master"]))
        taken["eos"].append(wall(argv))
    median = {side: statistics.median(times) for side, times in taken.items()}
    print("  passing over: " + ", ".join(f"{side} {time:.2f} s" for side, time in median.items()))
    return median["eos"] - median["floor"], len((calls.read_text()).removeprefix(before).split())


if __name__ == "__main__":
    import tempfile

    import run
    from master import configure

    folder = Path(tempfile.mkdtemp(prefix="eos-bench-"))
    (folder / "module").mkdir()
    (folder / "module" / "main.tf").write_text(run.MODULE)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else run.MANY
    many = run.pillar(folder / "many", folder / "module", count, str(run.counting(folder)))
    print(measure(configure(folder, many), folder / "calls", run.ROUNDS))
