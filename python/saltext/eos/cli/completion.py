"""The completion of the command line, for a shell."""

from saltext.eos.cli import parser
from saltext.eos.cli.errors import UsageError


def show(shell):
    """Print the script that the shell reads."""
    try:
        import shtab
    except ImportError:
        raise UsageError("completion needs the package shtab: salt-pip install shtab") from None
    print(shtab.complete(parser.build(), shell))
    return 0
