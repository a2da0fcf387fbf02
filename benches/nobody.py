"""The host without a Salt, which the tests have."""

import sys

from master import CHECKOUT

sys.path.append(str(CHECKOUT / "tests/salt"))

from support.nobody import Nobody as Nobody  # noqa: E402, the folder has to be on the path first
