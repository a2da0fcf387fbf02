"""``python -m saltext.eos.cli``: the command, where its script is not on the PATH."""

import sys

from saltext.eos.cli.main import main

sys.exit(main())
