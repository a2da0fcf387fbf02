"""The page of a run with many components: the time of the whole `eos show --html`, and the size of the file."""

import json
import statistics
import subprocess
import time

from cli import BIN


def measure(conf, rounds):
    """Seconds and kilobytes for the newest run of `staging`."""
    asked = [BIN / "eos", "history", "staging", "--limit", "1", "--json", "-c", conf]
    (run,) = json.loads(subprocess.check_output(asked))["runs"]
    page = conf.parent / "run.html"
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run(
            [BIN / "eos", "show", run["run_id"], "--html", page, "-c", conf],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        times.append(time.perf_counter() - began)
    return statistics.median(times), page.stat().st_size / 1000
