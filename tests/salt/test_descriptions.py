"""Salt's description of a function: its signature as it is written, and a text that names each parameter."""

import importlib
import inspect
import re

import pytest

from support.site import BIN, CHECKOUT

EXTENSION = CHECKOUT / "python" / "saltext" / "eos"
GREEDY = ("args", "kwargs")


def signatures(kind, *names):
    """The public functions of files of the extension: from `file.function` to the names of its parameters."""
    found = {}
    for name in names:
        module = importlib.import_module(f"saltext.eos.{kind}.{name}")
        for function_name, function in inspect.getmembers(module, inspect.isfunction):
            # Salt itself calls mod_watch.
            if not function_name.startswith("_") and function_name != "mod_watch":
                parameters = [one for one in inspect.signature(function).parameters]
                found[f"{name}.{function_name}"] = [one for one in parameters if one not in GREEDY]
    assert found
    return found


def assert_described(expected, shown):
    assert set(expected) <= set(shown), set(expected) - set(shown)
    for function, parameters in expected.items():
        lines = shown[function].strip("\n").splitlines()
        assert lines[0].strip() and len(lines[0]) <= 80, (function, lines[0])
        assert [line.strip() for line in lines if re.fullmatch(r" {4}\w+", line)] == parameters
        prose = [line for line in lines if not re.match(r" +salt-(run|call) ", line)]
        assert max(map(len, prose)) <= 80, max(prose, key=len)


def test_salt_run_d_describes_every_parameter_of_each_function_of_the_runner(site):
    shown = site.finish([BIN / "salt-run", "-c", site.conf, "-d", "infrastructure"]).stdout
    functions = re.findall(r"^(infrastructure\.\w+):\n(.*?)(?=^\S|\Z)", shown, re.M | re.S)
    assert_described(signatures("runners", "infrastructure"), dict(functions))
    assert all("CLI Example:" in text for _, text in functions), shown


@pytest.mark.parametrize(
    ("show", "kind", "names"),
    [
        ("sys.doc", "modules", ["eos_terraform", "eos_orchestrator"]),
        ("sys.state_doc", "states", ["eos_terraform", "terraform_resource"]),
    ],
)
def test_salt_describes_every_parameter_of_each_function(site, show, kind, names):
    shown = site.call(show, *names).report
    expected = signatures(kind, *names)
    assert_described(expected, shown)
    if kind == "modules":
        assert all("CLI Example:" in shown[function] for function in expected), shown


@pytest.mark.parametrize(
    ("show", "kind", "name"),
    [
        ("sys.argspec", "modules", "eos_terraform"),
        ("sys.runner_argspec", "runners", "infrastructure"),
        ("sys.state_argspec", "states", "eos_terraform"),
    ],
)
def test_salt_finds_the_signature_of_a_function_as_it_is_written(site, show, kind, name):
    found = site.call(show, name).report
    for function, parameters in signatures(kind, name).items():
        spec = found[function]
        assert spec["args"] == parameters and spec["varargs"] and spec["kwargs"], spec


def test_a_shared_description_is_shared():
    from saltext.eos import docstring

    text = "".join(path.read_text() for path in EXTENSION.glob("*/*.py"))
    for name in docstring.PARAMETERS:
        taken = len(re.findall(rf"[( ]{name}=[^=\n]*[,\n]", text))
        described = len(re.findall(rf"^    {name}$", text, re.M))
        assert taken - described >= 2, f"{name}: describe it where it is taken"


def test_a_parameter_that_nothing_describes_is_an_error():
    from saltext.eos import docstring

    def function(nowhere=None, *args, **kwargs):
        """Do something."""

    with pytest.raises(KeyError, match="nowhere"):
        docstring.complete(function)
