"""A Salt configuration for one measurement: a master, a minion and their pillar."""

import json
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def configure(scratch, infrastructure):
    """Writes the configuration with this pillar below `scratch`, and returns its folder."""
    folder = scratch / "pillar"
    folder.mkdir()
    (folder / "top.sls").write_text("base: {'*': [infrastructure]}\n")
    (folder / "infrastructure.sls").write_text(
        "#!json\n" + json.dumps({"infrastructure": infrastructure})
    )
    tool = CHECKOUT / "pillar-examples" / "configure.py"
    words = [scratch / "salt", "--pillar", folder, "--states", CHECKOUT / "salt"]
    subprocess.run([sys.executable, tool, *words], check=True)
    return scratch / "salt" / "conf"
