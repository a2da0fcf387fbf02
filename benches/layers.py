"""A large environment in layers, through salt-run and through `make -j`: a run without a change, and a destroy.

There are two comparisons:

- What a person waits for: salt-run, against `make -j` with an environment that nobody tuned.
- What Eos adds to Terraform: salt-run without the time of a salt-run that does nothing, against `make -j` with the
  environment that the core gives to terraform.

The baseline has an advantage in both: its values are given beforehand, but Eos reads the outputs of the layer above.
For each destroyed component Eos also stores a snapshot, a record and its steps: about ten syncs of a file or a folder.
The baseline stores nothing. So the second ratio of the destroy has a higher bound.
No master runs, so Salt waits twice in each salt-run, one second each, for an event bus.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bare import FLAGS, run_make
from master import configure

LAYERS = 20
PARALLEL = 2
VARIABLES = 14


def write_module(folder):
    """Writes a module with variables of several types, resources that use them, and an output for the next layer."""
    folder.mkdir()
    names = [f"v{index:02}" for index in range(VARIABLES - 2)]
    text = 'variable "size" { type = number }\nvariable "before" {\n  type    = number\n  default = 0\n}\n'
    text += "".join(
        f'variable "{name}" {{\n  type    = map(string)\n  default = {{}}\n}}\n' for name in names
    )
    values = ", ".join(f"var.{name}" for name in names)
    text += f'resource "terraform_data" "a" {{ input = [var.before, {values}] }}\n'
    text += 'resource "terraform_data" "b" { input = var.size }\n'
    text += 'output "size" { value = terraform_data.b.output }\n'
    (folder / "main.tf").write_text(text)
    return names


def variables(index, names):
    """The variables that a component sets itself."""
    return {"size": index} | {name: {"component": f"c{index:03}", "name": name} for name in names}


def before(index, count):
    """The component of the previous layer that this one reads; None in the first layer."""
    width = max(count // LAYERS, 1)
    return index - width if index >= width else None


def pillar(root, module, names, count):
    """The pillar's `infrastructure`."""
    components = {}
    for index in range(count):
        one = {"source": str(module), "variables": variables(index, names)}
        if (above := before(index, count)) is not None:
            one["from_outputs"] = {"before": f"c{above:03}.size"}
        components[f"c{index:03}"] = one
    settings = {"root": str(root), "parallelism": PARALLEL}
    return {"settings": settings, "components": components, "environments": {"staging": {}}}


def through_salt(conf, *words):
    """Runs one salt-run. Its report is dropped, like the output of the baseline."""
    command = [Path(sys.executable).parent / "salt-run", "-c", conf, *words]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def makefile(folder, module, root, names, count):
    """Writes a Makefile with the same commands on the same states, with the same flags and in the same order."""
    folder.mkdir()
    last = range(count)
    rules = [f"again: {' '.join(f'c{index:03}' for index in last)}"]
    rules.append(f"gone: {' '.join(f'd{index:03}' for index in last)}")
    below = {}
    for index in range(count):
        name, above = f"c{index:03}", before(index, count)
        if above is not None:
            below.setdefault(above, []).append(f"d{index:03}")
        work = folder / name
        shutil.copytree(module, work)
        given = variables(index, names) | ({} if above is None else {"before": above})
        (work / "v.tfvars.json").write_text(json.dumps(given))
        shutil.copy(state(root, name), work / "s")
        needs = "" if above is None else f"c{above:03}"
        plan = f"plan {FLAGS} -out=p -var-file=v.tfvars.json -state=s"
        rules.append(f".PHONY: {name}\n{name}: {needs}")
        rules.append(f"\tcd {name} && terraform {plan} -detailed-exitcode >out 2>err")
    for index in range(count):
        name = f"c{index:03}"
        rules.append(f".PHONY: d{index:03}\nd{index:03}: {' '.join(below.get(index, []))}")
        plan = f"plan -destroy {FLAGS} -out=p -var-file=v.tfvars.json -state=s"
        apply = f"apply {FLAGS} -auto-approve -state=s p"
        rules.append(f"\tcd {name} && terraform {plan} >out 2>err && terraform {apply} >out 2>err")
    (folder / "Makefile").write_text("\n".join(rules) + "\n")


def state(root, component):
    """The file of a component's state."""
    found = list((root / "staging" / component).rglob("terraform.tfstate"))
    assert len(found) == 1, found
    return found[0]


def spent(work, *arguments, **how):
    """The wall-clock seconds of `work`, and its processor seconds with all children."""
    wall, before = time.perf_counter(), os.times()
    work(*arguments, **how)
    after = os.times()
    fields = ("user", "system", "children_user", "children_system")
    return time.perf_counter() - wall, sum(
        getattr(after, one) - getattr(before, one) for one in fields
    )


def compared(what, conf, makes, target, *words):
    """Two ratios of wall-clock times: what a person waits for, and what Eos adds to Terraform."""
    tuned, plain = makes
    through = spent(through_salt, conf, *words)
    salt = spent(through_salt, conf, "test.arg")
    bare = spent(run_make, tuned, target, PARALLEL)
    person = spent(run_make, plain, target, PARALLEL, gogc=None)
    sides = {"salt-run": through, "Salt alone": salt, "make": person, "make as tuned": bare}
    figures = (
        f"{side} {wall:.1f} s ({processor:.1f} s of a processor)"
        for side, (wall, processor) in sides.items()
    )
    print(f"  {what}: {', '.join(figures)}")
    return through[0] / person[0], (through[0] - salt[0]) / bare[0]


def measure(scratch, count, rounds):
    """Both ratios of a run without a change (medians of the rounds), and of a destroy of everything."""
    scratch.mkdir()
    names = write_module(scratch / "module")
    infrastructure = pillar(scratch / "root", scratch / "module", names, count)
    conf = configure(scratch, infrastructure)
    through_salt(conf, "infrastructure.orchestrate", "staging")
    makes = scratch / "tuned", scratch / "plain"
    makefile(makes[0], scratch / "module", scratch / "root", names, count)
    # Each destroys states of its own.
    shutil.copytree(*makes)
    again = [
        compared("no change", conf, makes, "again", "infrastructure.orchestrate", "staging")
        for _ in range(rounds)
    ]
    words = ("infrastructure.destroy", "staging", "confirm=staging")
    gone = compared("destruction", conf, makes, "gone", *words)
    return [statistics.median(ratios) for ratios in zip(*again, strict=True)], gone
