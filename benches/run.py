"""Speed and memory as ratios to bare terraform in the same run. The exit code is 1 if a ratio is above its bound.

make bench
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cli
import layers
import page
import passing
import questions
import salt.config
import salt.loader
from bare import FLAGS, run_make
from master import CHECKOUT, configure
from nobody import Nobody

from saltext.eos import _core

COMPONENTS = 50
MANY = 500
PARALLEL = 4
ROUNDS = 5
# Repetitions of the run without a change and of the drift check, in each round.
REPEATS = 3
# A folder in memory.
MEMORY = "/dev/shm"
# The bounds in milliseconds. The bound of the maximum is loose, because it depends on how busy the machine is.
HANDOVER = {"median": 50, "maximum": 1000}
MODULE = """
variable "size" { type = number }
resource "terraform_data" "a" { input = var.size }
resource "terraform_data" "b" { input = terraform_data.a.output }
output "size" { value = terraform_data.b.output }
"""


def pillar(root, module, count, binary="terraform"):
    """An environment with `count` independent components of one module."""
    return {
        "settings": {
            "root": str(root),
            "parallelism": PARALLEL,
            "terraform": {"binary": binary},
        },
        "components": {
            f"c{index:03}": {"source": str(module), "variables": {"size": index}}
            for index in range(count)
        },
        "environments": {"staging": {}},
    }


def timed(work, *arguments):
    """The wall-clock seconds of `work`."""
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


def through_core(infrastructure):
    """Runs `orchestrate` once. Its progress is dropped, like the output of the baseline."""
    report = _core.run("orchestrate", {"environment": "staging"}, 0, infrastructure, Nobody())
    assert report["result"] is True, json.dumps(report)[:2000]


def look_through_core(infrastructure):
    """Runs a drift check of all components. Nothing has drifted."""
    report = _core.run("drift", {"environment": "staging"}, 0, infrastructure, Nobody())
    told = {one["status"] for one in report["components"].values()}
    assert told == {"unchanged"}, json.dumps(report)[:2000]


def makefile(folder, module):
    """Writes a Makefile with the same commands and the same flags, for `make -j`."""
    folder.mkdir()
    rules, looks = ["all:"], ["looks:"]
    for index in range(COMPONENTS):
        work = folder / f"c{index:03}"
        shutil.copytree(module, work)
        (work / "v.tfvars.json").write_text(json.dumps({"size": index}))
        plan = f"plan {FLAGS} -detailed-exitcode -out=p -var-file=v.tfvars.json -state=s"
        apply = f"apply {FLAGS} -auto-approve -state=s p"
        rules[0] += f" c{index:03}"
        looks[0] += f" look{index:03}"
        looks.append(f".PHONY: look{index:03}\nlook{index:03}:")
        looks.append(f"\tcd c{index:03} && terraform {plan} >out 2>err")
        rules.append(
            f".PHONY: c{index:03}\nc{index:03}:\n\tcd $@ && {{ terraform {plan} >out 2>err; \\"
        )
        rules.append(
            f"\tcase $$? in 0) ;; 2) terraform {apply} >out 2>err ;; *) exit 1 ;; esac; }}"
        )
    (folder / "Makefile").write_text("\n".join(rules + looks) + "\n")


def speed(scratch, module):
    """Ratios of medians: first run, run without a change, and drift check without drift."""
    whats = ("first", "again", "looks")
    times = {f"{who} {what}": [] for what in whats for who in ("core", "make")}
    for index in range(ROUNDS):
        infrastructure = pillar(scratch / f"root{index}", module, COMPONENTS)
        bare = scratch / f"make{index}"
        makefile(bare, module)
        times["core first"].append(timed(through_core, infrastructure))
        times["make first"].append(timed(run_make, bare, "all", PARALLEL))
        # A single run is noisy: other work of the machine slows one side or the other.
        for _ in range(REPEATS):
            times["core again"].append(timed(through_core, infrastructure))
            times["make again"].append(timed(run_make, bare, "all", PARALLEL))
        for _ in range(REPEATS):
            times["core looks"].append(timed(look_through_core, infrastructure))
            times["make looks"].append(timed(run_make, bare, "looks", PARALLEL))
    median = {what: statistics.median(found) for what, found in times.items()}
    for what, seconds in median.items():
        print(f"  {what:12} {seconds:6.2f} s   {min(times[what]):.2f} to {max(times[what]):.2f}")
    return [median[f"core {what}"] / median[f"make {what}"] for what in whats]


def first_in_memory(module):
    """Ratio of medians of the first run on a disk in memory, where a sync costs nothing."""
    times = {"core": [], "make": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="eos-bench-", dir=MEMORY) as folder:
            root, bare = Path(folder, "root"), Path(folder, "make")
            makefile(bare, module)
            times["core"].append(timed(through_core, pillar(root, module, COMPONENTS)))
            times["make"].append(timed(run_make, bare, "all", PARALLEL))
    core, make = (statistics.median(times[who]) for who in ("core", "make"))
    print(f"  in memory: core first {core:.2f} s, make first {make:.2f} s")
    return core / make


def counting(scratch):
    """A wrapper for terraform that logs each start in `calls`."""
    wrapper = scratch / "counting"
    if not wrapper.exists():
        log = scratch / "calls"
        wrapper.write_text(f'#!/bin/sh\necho "$1" >>"{log}"\nexec terraform "$@"\n')
        wrapper.chmod(0o755)
    return wrapper


def processes(scratch, module):
    """Terraform processes per component in the first run and in the next one, counted by a wrapper."""
    log = scratch / "calls"
    infrastructure = pillar(scratch / "counted", module, 10, str(counting(scratch)))
    counts = []
    for _ in range(2):
        log.write_text("")
        through_core(infrastructure)
        calls = [call for call in log.read_text().split() if call != "version"]
        counts.append(len(calls) / 10)
    return counts


def import_milliseconds():
    """The time for importing the native module, in milliseconds."""
    code = (
        "import saltext.eos, time; began = time.perf_counter(); import saltext.eos._core;"
        "print((time.perf_counter() - began) * 1000)"
    )
    runs = [subprocess.check_output([sys.executable, "-c", code], text=True) for _ in range(9)]
    return statistics.median(map(float, runs))


def peak_mebibytes(conf, *words):
    """Peak memory of one salt-run in MiB, without its children."""
    command = [Path(sys.executable).parent / "salt-run", "-c", conf, *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return usage.ru_maxrss / 1024


def memory(conf):
    """Peak memory of a run with 500 components in MiB, above that of a salt-run that does nothing."""
    empty = peak_mebibytes(conf, "test.arg")
    return peak_mebibytes(conf, "infrastructure.orchestrate", "environment=staging") - empty


def handovers():
    """For each kind of lock, the milliseconds from its release to the next holder's start: median and maximum."""
    # The build of the tests is good enough, because a lock waits for other processes and not for the processor.
    command = (
        "cargo test --locked --no-default-features --test core -- --ignored --nocapture handover::"
    )
    said = subprocess.run(
        command.split(), cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True
    )
    lines = (line.split()[1:] for line in said.stdout.splitlines() if line.startswith("handover "))
    return {lock: [float(one) for one in figures if one != "none"] for lock, *figures in lines}


def ensured(scratch, infrastructure, conf):
    """Milliseconds for the slowest of 500 unchanged components, and the number of processes that they all started."""
    opts = salt.config.minion_config(str(conf / "minion"))
    # As in salt-call, which has compiled the pillar before its call.
    opts["__cli"] = "salt-call"
    opts["pillar"] = {"infrastructure": infrastructure}
    ensure = salt.loader.minion_mods(opts)["eos_terraform.ensure_infrastructure"]

    def call(component):
        answer = ensure(component, {"size": int(component[1:])}, environment="staging")
        assert answer["result"] is True, json.dumps(answer)[:2000]

    # The first call checks that the result of orchestrate is the wanted one, and remembers it.
    for component in infrastructure["components"]:
        call(component)
    calls = (scratch / "calls").read_text()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = time.process_time()
    times = {
        # The fastest of several calls counts, because other processes may use the processor during a call.
        component: min(timed(call, component) for _ in range(ROUNDS))
        for component in infrastructure["components"]
    }
    spawned = len((scratch / "calls").read_text()) - len(calls)
    spawned += resource.getrusage(resource.RUSAGE_CHILDREN) != children
    processor = (time.process_time() - processor) * 1000 / (ROUNDS * len(times))
    median = statistics.median(times.values()) * 1000
    print(
        f"  ensure_infrastructure: {median:.2f} ms, the median; {processor:.2f} ms of a processor"
    )
    return max(times.values()) * 1000, spawned


def main():
    """Prints every result with its bound."""
    scratch = Path(tempfile.mkdtemp(prefix="eos-bench-"))
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 the core writes progress to descriptor 2
    saved = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        module = scratch / "module"
        module.mkdir()
        (module / "main.tf").write_text(MODULE)
        print(f"{COMPONENTS} components, {PARALLEL} at a time, medians of {ROUNDS} rounds")
        first, again, looks = speed(scratch, module)
        in_memory = first_in_memory(module)
        calls_first, calls_again = processes(scratch, module)
        found = handovers()
        many = pillar(scratch / "many", module, MANY, str(counting(scratch)))
        conf = configure(scratch, many)
        peak = memory(conf)
        page_seconds, page_size = page.measure(conf, ROUNDS)
        passed_over, by_passing = passing.measure(conf, scratch / "calls", ROUNDS)
        slowest, spawned = ensured(scratch, many, conf)
        unchanged, destroyed = layers.measure(scratch / "layers", MANY, REPEATS)
        asked = pillar(scratch / "asked", module, COMPONENTS)
        above_floor, of_salt_run = cli.measure(scratch / "cli", asked, ROUNDS)
        modules = pillar(scratch / "modules", module, MANY)
        slowest_question = questions.measure(scratch / "questions", module, modules, ROUNDS)
        figures = [
            ("eos --help, ms", cli.help_milliseconds(REPEATS * ROUNDS), 60),
            (f"eos status of {COMPONENTS} above Salt itself, s", above_floor, 0.35),
            ("  and in relation to salt-run", of_salt_run, 0.5),
            (f"status, graph or outputs of {MANY} modules, s", slowest_question, 2),
            (f"eos show --html of {MANY}, s", page_seconds, 1),
            ("  and the size of the page, KB", page_size, 500),
            ("first run in memory: core / make -j", in_memory, 1.10),
            # Terraform's own state is all that the baseline syncs. A run that survives a power failure syncs more.
            ("first run on this disk: core / make -j", first, 1.25),
            ("no change: core / make -j", again, 1.10),
            ("drift check without drift: core / make -j plan", looks, 1.10),
            (f"no change of {MANY} in layers: salt-run / make -j", unchanged[0], 1.10),
            ("  without Salt's own time / make -j as tuned", unchanged[1], 1.10),
            (f"destruction of {MANY} in layers: salt-run / make -j", destroyed[0], 1.10),
            ("  without Salt's own time / make -j as tuned", destroyed[1], 1.30),
            ("terraform processes a component, first run", calls_first, 2),
            ("terraform processes a component, no change", calls_again, 1),
            ("import of the native module, ms", import_milliseconds(), 10),
            (
                f"memory at {MANY} components above an empty salt-run, MiB",
                peak,
                60,
            ),
            (f"{MANY} components passed over, above Salt itself, s", passed_over, 1),
            ("  terraforms that these runs started", by_passing, 0),
            (f"ensure_infrastructure, the slowest of {MANY}, best of {ROUNDS}, ms", slowest, 1),
            (f"processes that {MANY * ROUNDS} of these started", spawned, 0),
        ]
        for lock, times in found.items():
            for what, time_taken in zip(HANDOVER, times, strict=False):
                name = f"{lock} lock, from release to the next start, ms, {what}"
                figures.append((name, time_taken, HANDOVER[what]))
    finally:
        os.dup2(saved, 2)
        shutil.rmtree(scratch, ignore_errors=True)
    for lock in (lock for lock, times in found.items() if not times):
        print(f"  {lock} lock: not measured, there is none to be had")
    for what, figure, bound in figures:
        print(f"  {what:56} {figure:7.2f}   at most {bound}   {'' if figure <= bound else 'ABOVE'}")
    return int(any(figure > bound for _, figure, bound in figures))


if __name__ == "__main__":
    sys.exit(main())
