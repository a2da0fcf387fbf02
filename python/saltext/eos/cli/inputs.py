"""Variables and secrets of a call. A secret never stands on the command line."""

import os
import sys

from saltext.eos.cli import answer
from saltext.eos.cli.errors import UsageError

_NO_TEXT = "the value is not a text in UTF-8"
_REFERENCES = ("env:", "file:", "vault:", "sdb://")


def variables(given):
    """The mapping for ``--var NAME=VALUE``. A value is YAML, as on the command line of Salt."""
    from salt.utils.args import yamlify_arg

    pairs = {}
    for one in _each_once("--var", given):
        name, equals, value = one.partition("=")
        if not (name and equals):
            raise UsageError(f"--var {one}: write NAME=VALUE")
        pairs[name] = yamlify_arg(value)
    return pairs


def texts(flag, given):
    """The mapping for an option ``NAME=VALUE`` whose values are texts."""
    pairs = {}
    for one in _each_once(flag, given):
        name, equals, value = one.partition("=")
        if not (name and equals):
            raise UsageError(f"{flag} {one}: write NAME=VALUE")
        pairs[name] = value
    return pairs


def file_text(flag, path):
    """The text of a file of this host. The call may run on another one."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        raise UsageError(f"{flag} {path} is not a text in UTF-8") from None
    except OSError as error:
        raise UsageError(f"{flag} {path} cannot be read: {error.strerror}") from error


def secrets(given, *, here, component=None):
    """The mapping for ``--secret``, with references only.

    ``component``: whose variables they are, if the call names only one.
    ``here``: whether the call runs in this process. Then a value from a prompt or from standard input goes into this
    process's environment, and the reference names it. No job, event or file contains it.
    """
    references, piped = {}, None
    for one in _each_once("--secret", given):
        name, equals, source = one.partition("=")
        if not name:
            raise UsageError("--secret needs a name: --secret NAME")
        if equals and source.startswith(_REFERENCES):
            references[name] = source
            continue
        if equals and source != "-":
            # The message does not repeat it.
            raise UsageError(
                f"--secret {name}: a secret must not be on the command line, where every process can read it. "
                f"Write --secret {name} to be asked, --secret {name}=- for standard input, or a reference: "
                f"{name}=env:VARIABLE, {name}=file:/path, {name}=vault:path#key"
            )
        if not here:
            raise UsageError(
                f"--secret {name}: the run is on the master, which must read the secret itself. "
                f"Give a reference: {name}=vault:path#key, {name}=file:/path, {name}=env:VARIABLE of the master"
            )
        if source == "-" and piped:
            raise UsageError(
                f"standard input is already the value of {piped}: only one secret can be -"
            )
        if source == "-":
            piped = name
            value = _piped(name)
        else:
            value = _asked(name, component)
        references[name] = _kept(name, value)
    return references


def _each_once(flag, given):
    """Each text once. Two texts with one name are refused, and not repeated."""
    texts = list(dict.fromkeys(given))
    names = [text.partition("=")[0] for text in texts]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{flag} {name} has two values: give it once")
    return texts


def of_this_process(options):
    """The options for secrets whose values only this process gets, as they were written."""
    given = getattr(options, "secrets", None) or ()
    values = [one for one in given if one.partition("=")[2] in ("", "-")]
    return [word for one in values for word in ("--secret", one)]


def give_again(given, *, here):
    """Read the values of ``--secret`` for a saved plan or a run, which has the references to them."""
    for one in given:
        name, _, source = one.partition("=")
        if source.startswith(_REFERENCES):
            raise UsageError(
                f"--secret {name}: the plan or the run has its own references. Leave it out, or write "
                f"--secret {name} or {name}=- to give again a value that eos asked for or read from standard input"
            )
        if not here:
            raise UsageError(
                f"--secret {name}: the run is on the master, which reads the references of the plan or the run "
                "itself. Leave it out"
            )
    secrets(given, here=here)


def _piped(name):
    try:
        return sys.stdin.read().removesuffix("\n")
    except UnicodeDecodeError:
        # The decoder's error has a part of the value.
        raise UsageError(f"--secret {name}: {_NO_TEXT}") from None
    except OSError as error:
        raise UsageError(
            f"--secret {name}: standard input cannot be read: {error.strerror}"
        ) from error


def _asked(name, component):
    if not sys.stdin.isatty():
        raise UsageError(
            f"--secret {name}: there is no terminal to ask on. Write {name}=- or a reference"
        )
    whose = f" of {component}" if component else ""
    return answer.hidden(f"secret {name}{whose} (what you type is not shown): ")


def _kept(name, value):
    """The reference to a value in this process's environment. A saved plan finds it again by the same name."""
    if "\0" in value:
        raise UsageError(f"--secret {name}: the value has a zero byte, so it is not a text")
    if any("\ud800" <= character <= "\udfff" for character in value):
        # Python has put these in place of bytes that it could not decode.
        raise UsageError(f"--secret {name}: {_NO_TEXT}")
    variable = f"EOS_SECRET_{name}"
    os.environ[variable] = value
    return f"env:{variable}"
