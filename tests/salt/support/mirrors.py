"""Real providers that lie on this machine."""

import functools
import json
import subprocess

from support import programs
from support.site import CHECKOUT

# As `tests/provider/mirror` ends where no folder holds the provider.
NOWHERE = 3

# For `settings:terraform:env`. A large provider starts in half the time where Go collects its garbage less often.
LARGE = {"GOGC": "400"}


@functools.cache
def find(provider):
    """The folder of a mirror that holds a provider such as `hashicorp/aws`, or None."""
    look = CHECKOUT / "tests" / "provider" / "mirror"
    looked = subprocess.run([look, provider], check=False, capture_output=True, text=True)
    assert looked.returncode in (0, NOWHERE), looked.stderr
    return looked.stdout.strip() or None


def require(provider):
    """The folder of its mirror, or a visible skip."""
    return find(provider) or programs.missing(f"{provider} in a provider mirror")


def installation(*mirrors):
    """A CLI configuration with these mirrors alone; each is what a `filesystem_mirror` holds."""
    blocks = "".join(
        "  filesystem_mirror {\n"
        + "".join(f"    {key} = {json.dumps(value)}\n" for key, value in mirror.items())
        + "  }\n"
        for mirror in mirrors
    )
    return f"provider_installation {{\n{blocks}}}\n"
