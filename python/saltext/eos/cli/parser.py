"""The command line, parsed by argparse from the tables. Nothing here imports Salt."""

import argparse
import itertools

from saltext.eos.cli.once import Once
from saltext.eos.cli.options import OPTIONS, SECRET_AGAIN
from saltext.eos.cli.verbs import NAMES, VERBS

_WORDS = {
    "environment": "ENV",
    "components": "COMPONENT ...",
    "component": "COMPONENT",
    "drift_id": "DRIFT",
    "id": "LOCK",
    "plan_id": "PLAN",
    "run_id": "RUN",
    "what": "COMPONENT[.VARIABLE]",
}
_DESCRIPTION = (
    "Bring environments of the Salt pillar up with Terraform, in the order of their dependencies."
)
_EPILOG = """\
examples:
  eos validate staging           check the pillar
  eos plan staging               show what would change
  eos apply staging              bring the environment up
  eos status staging             show how it is
  eos apply --help               the options of one verb, and more examples

The exit code is 0 if all went well, and 1 if not. It is 2 only if changes
wait and `eos plan` was called with --detailed-exitcode.
"""
_SHELLS = ("bash", "zsh", "tcsh")


class _Parser(argparse.ArgumentParser):
    """Wrong usage ends with 1, because 2 means that changes wait. It is one line: the help has the usage."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.given = {}

    def error(self, message):
        self.exit(1, f"{self.prog}: {_explained(message) or f'{message} ({self.prog} --help)'}\n")

    def refuse_option(self, wrong):
        """End because of an option that does not exist."""
        name = wrong.partition("=")[0]
        hint = _near(name, self._option_string_actions) or f"{self.prog} --help lists the options"
        self.exit(1, f"{self.prog}: there is no option {name}; {hint}\n")


def parsed(argv):
    """The options of a call. Its words are in ``words``, and the verb's row of the table in ``verb``."""
    # Only the options of the called verb are built: those of all verbs take longer than Python's start.
    if argv[:1] == ["help"]:
        argv = [*argv[1:2], "--help"]
    parser = build(only=set(argv))
    _refuse_too_early(parser, argv)
    options, rest = parser.parse_known_args(argv)
    unknown = [word for word in rest if word.startswith("-") and word != "-"]
    if unknown:
        options.parser.refuse_option(unknown[0])
    if not options.name:
        parser.print_help()
        parser.exit(1)
    # Words after an option are not in `words`.
    options.words = [*getattr(options, "words", ()), *rest]
    options.verb = NAMES.get(options.name)
    return options


def _refuse_too_early(parser, argv):
    """An option of a verb that stands before it. argparse would take its value for the verb."""
    before = list(itertools.takewhile(lambda word: word not in NAMES, argv))
    known = parser._option_string_actions
    flags = {option.flag for option in OPTIONS.values()}
    for word in before if len(before) < len(argv) else ():
        name = word.partition("=")[0]
        if name in flags and name not in known:
            parser.exit(1, f"eos: {name} belongs behind the verb: eos VERB {name}\n")


def build(only=None):
    """The parser. ``only``: the verbs whose options it knows. None means all."""
    parser = _Parser(
        prog="eos",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.set_defaults(
        api=None,
        as_minion=False,
        auth=None,
        config_dir=None,
        environment=None,
        json=False,
        log_level=None,
        minion=None,
        parser=parser,
        username=None,
    )
    parser.add_argument("-h", "--help", action="help", help="Show this help.")
    _add_environment(parser, "The environment.")
    _add(parser, OPTIONS["minion"])
    parser.add_argument("--version", action=_Version, nargs=0, help="Show the version.")
    _add_common(parser)
    verbs = parser.add_subparsers(
        dest="name", metavar="VERB", title="verbs", parser_class=_Parser, prog="eos"
    )
    for name, verb in NAMES.items():
        shown = {"help": verb.summary} if name in VERBS else {}
        one = verbs.add_parser(
            name,
            **shown,
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.given = parser.given
        if only is None or name in only:
            _fill(one, verb)
    shells = verbs.add_parser("completion", help="print the completion for a shell")
    shells.add_argument("shell", choices=_SHELLS)
    verbs.add_parser("schema", help="print the JSON schema of the pillar")
    return parser


def _fill(parser, verb):
    parser.set_defaults(parser=parser)
    parser.description = f"{verb.summary[0].upper()}{verb.summary[1:]}."
    parser.usage = f"{parser.prog} {' '.join(_word(verb, word) for word in verb.words)} [options]"
    parser.epilog = "\n".join(["examples:", *_examples(verb)])
    # argparse would show `words`, but the usage has better names for them.
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("-h", "--help", action="help", help="Show this help.")
    first = "environment" in verb.words
    where = (
        "The environment, in place of the first word." if first else "Not needed: the id names it."
    )
    _add_environment(parser, where)
    for argument in ("minion", *verb.options):
        option = OPTIONS[argument]
        _add(parser, option._replace(choices=verb.formats) if argument == "format" else option)
    if verb.saved_plan:
        _add(parser, OPTIONS["plan_id"])
    if verb.gives_again:
        _add(parser, SECRET_AGAIN)
    if verb.asks:
        # A destroy refuses it, with a remedy.
        yes = "Ask nothing, and delete nothing." if verb.asks != "destroy" else argparse.SUPPRESS
        parser.add_argument("--yes", action="store_true", help=yes)
    if verb.name == "plan":
        parser.add_argument(
            "--detailed-exitcode", action="store_true", help="End with 2 if changes wait."
        )
    _add_common(parser.add_argument_group("where and how"))


def _add_environment(parser, text):
    """It can stand before the verb and after it, as the options of every verb can."""
    parser.add_argument(
        "-e", "--environment", metavar="ENV", action=Once, default=argparse.SUPPRESS, help=text
    )


def _add(parser, option):
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


def _add_common(parser):
    """Options of every verb. They can stand before the verb and after it."""
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
        default=unset,
        help="What is logged to the terminal.",
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


def _word(verb, word):
    return _WORDS[word] if word in verb.needs else f"[{_WORDS[word]}]"


def _examples(verb):
    """The lines of its examples: in two columns, if 80 columns are enough."""
    commands = [f"  eos {arguments}" for arguments, _ in verb.examples]
    width = max(map(len, commands))
    pairs = [(line, what) for line, (_, what) in zip(commands, verb.examples, strict=True)]
    if max(width + 2 + len(what) for _, what in pairs) <= 80:
        return [f"{line:<{width}}  {what}".rstrip() for line, what in pairs]
    return [f"{line}\n      {what}" for line, what in pairs]


def _help(option):
    from saltext.eos.docstring import PARAMETERS

    text = option.help or PARAMETERS[option.argument]
    return " ".join(text.replace("``", "").split()).replace("%", "%%")


def _explained(message):
    """What argparse says of a wrong verb: it lists all of them, and a near name helps more. None for other errors."""
    before, found, rest = message.partition("invalid choice: '")
    if not found or "VERB" not in before:
        return None
    wrong = rest.partition("'")[0]
    return f"there is no verb {wrong}; {_near(wrong, NAMES) or 'eos --help lists the verbs'}"


def _near(wrong, names):
    import difflib

    # A name that is less alike was not meant.
    near = difflib.get_close_matches(wrong, names, 1, cutoff=0.75)
    return f"did you mean {near[0]}?" if near else None


class _Version(argparse.Action):
    """Shows the version. The core, which knows it, is imported only for that."""

    def __call__(self, parser, *_):
        from saltext.eos import _core

        print(f"eos {_core.__version__}")
        parser.exit()
