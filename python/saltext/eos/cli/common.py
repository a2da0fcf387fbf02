"""The options of every verb, which can stand before the verb and after it, and how an option becomes one of argparse."""

import argparse

from saltext.eos.cli.once import Once
from saltext.eos.cli.options import OPTIONS

# Those of Salt, which is not imported for the help. Salt takes another one for `warning`.
LEVELS = (
    "all",
    "garbage",
    "trace",
    "debug",
    "profile",
    "info",
    "warning",
    "error",
    "critical",
    "quiet",
)


def add_environment(parser, text):
    parser.add_argument(
        "-e", "--environment", metavar="ENV", action=Once, default=argparse.SUPPRESS, help=text
    )


def add(parser, option):
    of_every_verb = option.argument == "minion"
    default = argparse.SUPPRESS if of_every_verb else None
    how = {"dest": option.argument, "default": default, "help": _help(option)}
    if not option.value:
        how["action"] = "store_true" if option.is_on else "store_false"
    else:
        how["metavar"] = option.value
        if option.choices:
            how |= {"choices": option.choices, "metavar": "|".join(option.choices)}
        if option.number:
            how["type"] = int
        how["action"] = "append" if option.many else Once
    parser.add_argument(option.flag, **how)


def add_unshown(parser):
    """All options of every verb, for a verb that needs none of them."""
    known = set(parser._actions)
    add_environment(parser, "")
    add(parser, OPTIONS["minion"])
    add_common(parser)
    for action in set(parser._actions) - known:
        action.help = argparse.SUPPRESS


def add_common(parser):
    """Where a call runs, and how its report is shown."""
    unset = argparse.SUPPRESS
    parser.add_argument(
        "-c",
        "--config-dir",
        metavar="DIR",
        action=Once,
        default=unset,
        help="Salt's configuration folder.",
    )
    parser.add_argument(
        "--json", action="store_true", default=unset, help="Print the report as JSON."
    )
    parser.add_argument(
        "-l",
        "--log-level",
        metavar="LEVEL",
        action=Once,
        type=str.lower,
        choices=LEVELS,
        default=unset,
        help="What is logged to the terminal: error, warning, info, debug and others of Salt.",
    )
    parser.add_argument(
        "--auth",
        metavar="EAUTH",
        action=Once,
        default=unset,
        help="Run on this host's master as a user of external_auth, such as pam.",
    )
    parser.add_argument(
        "--username",
        metavar="USER",
        action=Once,
        default=unset,
        help="The user for --auth. By default yourself.",
    )
    parser.add_argument(
        "--api",
        metavar="URL",
        action=Once,
        default=unset,
        help="Run on the master of this salt-api, with the token in SALT_API_TOKEN.",
    )
    parser.add_argument(
        "--as-minion",
        action="store_true",
        default=unset,
        help="Use this host's minion and its pillar, as salt-call does.",
    )


def _help(option):
    from saltext.eos.docstring import PARAMETERS

    text = option.help or PARAMETERS[option.argument]
    return " ".join(text.replace("``", "").split()).replace("%", "%%")
