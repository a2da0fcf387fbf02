"""The command line, parsed by argparse from the tables. Nothing here imports Salt."""

import argparse
import itertools

from saltext.eos.cli import common
from saltext.eos.cli.options import OPTIONS, SECRET_AGAIN
from saltext.eos.cli.verbs import NAMES, VERBS

_WORDS = {
    "environment": "ENV",
    "components": "COMPONENT ...",
    "component": "COMPONENT",
    "drift_id": "DRIFT",
    "id": "LOCK",
    "jobs": "JOB ...",
    "keys": "SERVICE/SECRET ...",
    "plan_id": "PLAN",
    "run_id": "RUN",
    "service": "SERVICE",
    "target": "TARGET",
    "what": "COMPONENT[.VARIABLE]",
}
_DESCRIPTION = """\
Bring environments of the Salt pillar up with Terraform, in the order of
their dependencies."""
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
_YES = {
    "roll back": "Ask nothing, and delete nothing.",
    "update": "Ask nothing.",
    "carry": "Ask nothing.",
}
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
    parser = build(only=set(argv))
    _refuse_too_early(parser, argv)
    options, rest = parser.parse_known_args(argv)
    unknown = [word for word in rest if word.startswith("-") and word != "-"]
    if unknown:
        options.parser.refuse_option(unknown[0])
    if not options.name:
        parser.print_help()
        parser.exit(1)
    if options.name == "help":
        _show_help(parser, options.about)
    if rest and options.name not in NAMES:
        options.parser.error(f"{rest[0]} is one word too many")
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


def _show_help(parser, verb):
    if verb and verb not in parser.verbs:
        parser.exit(1, f"{parser.prog}: {_no_verb(verb)}\n")
    (parser.verbs[verb] if verb else parser).print_help()
    parser.exit()


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
    common.add_environment(parser, "The environment.")
    common.add(parser, OPTIONS["minion"])
    parser.add_argument("--version", action=_Version, nargs=0, help="Show the version.")
    common.add_common(parser)
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
        if only is None or name in only:
            _fill(one, verb)
    _add_own(verbs, "completion", "print the completion for a shell").add_argument(
        "shell", choices=_SHELLS
    )
    _add_own(verbs, "schema", "print the JSON schema of the pillar")
    about = _add_own(verbs, "help", "show the help of a verb")
    about.usage = "eos help [VERB]"
    about.add_argument("about", nargs="?", metavar="VERB", help="By default all verbs are listed.")
    for one in verbs.choices.values():
        one.given = parser.given
    parser.verbs = verbs.choices
    return parser


def _add_own(verbs, name, summary):
    """A verb of `eos` itself, which calls no function of the runner."""
    one = verbs.add_parser(
        name, help=summary, description=_sentence(summary), add_help=False, allow_abbrev=False
    )
    one.set_defaults(parser=one)
    one.add_argument("-h", "--help", action="help", help="Show this help.")
    common.add_unshown(one)
    return one


def _fill(parser, verb):
    parser.set_defaults(parser=parser)
    parser.description = _sentence(verb.summary)
    parser.usage = f"{parser.prog} {' '.join(_word(verb, word) for word in verb.words)} [options]"
    parser.epilog = "\n".join(["examples:", *_examples(verb)])
    # argparse would show `words`, but the usage has better names for them.
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("-h", "--help", action="help", help="Show this help.")
    first = "environment" in verb.words
    where = (
        "The environment, in place of the first word." if first else "Not needed: the id names it."
    )
    common.add_environment(parser, where)
    for argument in ("minion", *verb.options):
        option = OPTIONS[argument]
        common.add(
            parser, option._replace(choices=verb.formats) if argument == "format" else option
        )
    if verb.saved_plan:
        common.add(parser, OPTIONS["plan_id"])
    if verb.gives_again:
        common.add(parser, SECRET_AGAIN)
    if verb.asks:
        # What deletes all refuses it, with a remedy.
        yes = _YES.get(verb.asks, argparse.SUPPRESS)
        parser.add_argument("--yes", action="store_true", help=yes)
    if verb.name == "plan":
        parser.add_argument(
            "--detailed-exitcode", action="store_true", help="End with 2 if changes wait."
        )
    common.add_common(parser.add_argument_group("where and how"))


def _sentence(summary):
    return f"{summary[0].upper()}{summary[1:]}."


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


def _explained(message):
    """What argparse says of a wrong verb: it lists all of them, and a near name helps more. None for other errors."""
    before, found, rest = message.partition("invalid choice: '")
    if not found or "VERB" not in before:
        return None
    wrong = rest.partition("'")[0]
    return _no_verb(wrong)


def _no_verb(wrong):
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
