"""The baseline of each ratio: terraform by `make -j`, without Eos."""

import os
import subprocess

FLAGS = "-json -input=false -lock-timeout=0s"


def run_make(folder, target, parallel):
    """Runs a target of the Makefile in `folder`, with the environment that the core gives to terraform."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": "/dev/null",
        "GOGC": "400",
    }
    subprocess.run(["make", "-s", f"-j{parallel}", "-C", folder, target], env=env, check=True)
