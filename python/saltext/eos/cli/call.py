"""From a parsed command line to a call of the runner."""

import os
import re
from dataclasses import dataclass, replace

from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.options import OPTIONS

# Words that take all the rest of a command line.
_LISTS = ("components", "jobs", "keys")
_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


@dataclass(frozen=True)
class Call:
    """A function of the runner and its arguments.

    ``changes``: whether it is a run. A question starts no job.
    ``gives_again``: whether its plan or run has the references to secrets, so that the call gives only values.
    """

    function: str
    arguments: dict
    changes: bool
    gives_again: bool = False

    def having(self, **arguments):
        """The same call with other values for these arguments."""
        return self.with_arguments(self.arguments | arguments)

    def only_component(self):
        """The component, if the call names exactly one."""
        components = self.arguments.get("components") or ()
        return components[0] if len(components) == 1 else None

    def with_arguments(self, arguments):
        """The same call with only these arguments."""
        return replace(self, arguments=arguments)


def made(options):
    """The call that a command line means. Secrets and variables are still missing."""
    verb = options.verb
    plan_id = getattr(options, "plan_id", None)
    # An empty plan_id is refused by the core. Without it, the call would mean the whole environment.
    if verb.saved_plan and (plan_id is not None or any(map(is_id, options.words))):
        verb = _without_options_of_others(verb, options)
    arguments = _placed(verb, options.words, options.environment)
    for parameter in ("minion", *verb.options):
        value = getattr(options, parameter)
        if value is not None and parameter not in ("variables", "secrets", "env_vars", "job"):
            is_folder = OPTIONS[parameter].is_folder
            arguments[parameter] = os.path.abspath(value) if is_folder else value
    if verb.saved_plan is None and plan_id is not None:
        arguments = _with_plan(arguments, plan_id)
    return Call(verb.function, arguments, verb.changes, verb.gives_again)


def _with_plan(arguments, plan_id):
    """The same with the plan of ``--plan``. A word may name the same plan."""
    words = [word for word in map(arguments.get, ("environment", "plan_id")) if word]
    other = next((word for word in words if is_id(word) and word != plan_id), None)
    if other:
        raise UsageError(f"--plan has two values: {other} and {plan_id}. Give it once")
    return {**arguments, "plan_id": plan_id}


def is_id(word):
    """Whether a word is the id of a run, a plan or a snapshot."""
    return _ID.fullmatch(word) is not None


def _without_options_of_others(verb, options):
    """The row for a saved plan. The plan decides what the other options would say."""
    for parameter in set(verb.options) - set(verb.saved_plan.options) - {"secrets"}:
        if getattr(options, parameter) is not None:
            raise UsageError(
                f"{OPTIONS[parameter].flag} was decided when the plan was made: "
                "leave it out, or make another plan"
            )
    return verb.saved_plan


def _leaves_environment_out(verb, words):
    """Whether the words are exactly those that the verb needs, and the environment is not one of them."""
    one_by_one = [slot for slot in verb.words if slot not in (*_LISTS, "environment")]
    return (
        "environment" in verb.words
        and "environment" not in verb.needs
        and list(verb.needs) == one_by_one
        and len(words) == len(one_by_one)
    )


def _placed(verb, words, environment):
    """The argument that each word gives."""
    words, arguments = list(words), {}
    slots = [slot for slot in verb.words if slot != "environment"]
    if environment is not None:
        arguments["environment"] = environment
    elif _leaves_environment_out(verb, words):
        # Without it, the core takes the default or the only one.
        pass
    elif "environment" in verb.words:
        # An id in this place is that of a run or a plan. The core knows.
        if words:
            arguments["environment"] = words.pop(0)
    elif len(words) > 1 and is_id(words[1]) and not is_id(words[0]):
        arguments["environment"] = words.pop(0)
    for slot in slots:
        if slot in _LISTS:
            # Without a word, the argument is missing, which means all. The core refuses an empty list.
            if words:
                arguments[slot] = [name for word in words for name in word.split(",") if name]
            words = []
        elif words:
            arguments[slot] = words.pop(0)
    if words:
        surplus = f"{words[0]} is one word too many"
        if len(words) > 1:
            surplus = f"{', '.join(words)} are {len(words)} words too many"
        raise UsageError(f"{surplus}: eos {verb.name} --help shows which words it takes")
    return arguments
