"""Real providers that are stored on this machine."""

import functools
import json
import subprocess

from support import programs
from support.site import CHECKOUT

# The exit code of `tests/provider/mirror` if no folder has the provider.
NOWHERE = 3

# A value for `settings:terraform:env`. A large provider starts in half the time if Go collects its garbage less often.
LARGE = {"GOGC": "400"}


@functools.cache
def find(provider):
    """The folder of a mirror that has a provider such as `hashicorp/aws`, or None."""
    look = CHECKOUT / "tests" / "provider" / "mirror"
    looked = subprocess.run([look, provider], check=False, capture_output=True, text=True)
    assert looked.returncode in (0, NOWHERE), looked.stderr
    return looked.stdout.strip() or None


def require(provider):
    """The folder of a mirror that has the provider. Skips the test if there is none."""
    return find(provider) or programs.missing(f"{provider} in a provider mirror")


def installation(*mirrors):
    """A CLI configuration with only these mirrors. Each has the arguments of a `filesystem_mirror`."""
    blocks = "".join(
        "  filesystem_mirror {\n"
        + "".join(f"    {key} = {json.dumps(value)}\n" for key, value in mirror.items())
        + "  }\n"
        for mirror in mirrors
    )
    return f"provider_installation {{\n{blocks}}}\n"
