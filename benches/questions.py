"""Questions about an environment in which each component has a module of its own: their processor time.

Each command starts Salt, compiles the pillar and reads all modules.
"""

import shutil
import statistics
import subprocess

from cli import BIN, processor
from master import configure

QUESTIONS = ("status", "graph", "outputs")


def different_modules(scratch, module, infrastructure):
    """Gives each component a copy of the module with a text of its own."""
    for name, component in infrastructure["components"].items():
        own = scratch / "modules" / name
        shutil.copytree(module, own)
        (own / "own.tf").write_text(f'output "own" {{ value = "{name}" }}\n')
        component["source"] = str(own)


def measure(scratch, module, infrastructure, rounds):
    """The processor seconds of the slowest question: the median of the rounds."""
    scratch.mkdir()
    different_modules(scratch, module, infrastructure)
    conf = configure(scratch, infrastructure)
    apply = [BIN / "eos", "apply", "staging", "-c", conf]
    subprocess.run(apply, stdout=subprocess.DEVNULL, check=True)
    taken = {
        what: statistics.median(
            processor([BIN / "eos", what, "staging", "-c", conf]) for _ in range(rounds)
        )
        for what in QUESTIONS
    }
    print("  questions: " + ", ".join(f"{what} {seconds:.2f} s" for what, seconds in taken.items()))
    return max(taken.values())


if __name__ == "__main__":
    import tempfile
    from pathlib import Path

    import run

    folder = Path(tempfile.mkdtemp(prefix="eos-bench-"))
    (folder / "module").mkdir()
    (folder / "module" / "main.tf").write_text(run.MODULE)
    pillar = run.pillar(folder / "root", folder / "module", run.MANY)
    print(measure(folder / "questions", folder / "module", pillar, run.ROUNDS))
