"""The baseline of each ratio: terraform by `make -j`, without Eos."""

import os
import subprocess

FLAGS = "-json -input=false -lock-timeout=0s"
# The core makes Go collect its garbage less often. Somebody who writes a Makefile does not.
GOGC = "500"


def run_make(folder, target, parallel, *, gogc=GOGC):
    """Runs a target of the Makefile in `folder`, with the environment that the core gives to terraform.

    `gogc`: how Go collects its garbage. With None, Go decides.
    """
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": "/dev/null",
    }
    if gogc is not None:
        env["GOGC"] = gogc
    subprocess.run(["make", "-s", f"-j{parallel}", "-C", folder, target], env=env, check=True)
