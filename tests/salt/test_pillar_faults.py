"""Why a pillar cannot be compiled: the report says it once, with a reason and without a value."""

import json

import pytest

pytestmark = pytest.mark.quick

SECRET = "hunter2"
# Of each file: its first line, and the reason in the report.
FILES = {
    "syntax": ("{% if %}", "by jinja: expected an expression, got 'end of statement block'"),
    "unended": ("{% if true %}", "by jinja: unexpected end of template. Jinja was looking"),
    "words": (f"{{% set a = 'x' {SECRET} %}}", "by jinja: expected token 'end of statement block'"),
    "file": ("{% import_yaml 'nosuch.yaml' as a %}", "by jinja: there is no file nosuch.yaml"),
    "chosen": (
        f"{{% set a = '{SECRET}' %}}{{% import_yaml a as b %}}",
        "by jinja: there is no such file to import",
    ),
    "function": ("{{ salt['nosuch.function']() }}", "by jinja: there is no function nosuch.functi"),
    "dotted": ("{{ salt.nosuch.other() }}", "by jinja: there is no function nosuch.other"),
    "computed": (f"{{{{ salt['{SECRET}' ~ 'x']() }}}}", "by jinja: there is no such function"),
    "name": (f"{{{{ {SECRET} }}}}", "by jinja: a name is not defined"),
    "key": (f"{{{{ {{}}['{SECRET}'] }}}}", "by jinja: a value has no such key or attribute"),
    "fails": (f"{{{{ raise('{SECRET}') }}}}", "by jinja: an expression fails with TemplateError"),
    "number": (
        f"{{{{ '{SECRET}' | int / 0 }}}}",
        "by jinja: an expression fails with ZeroDivision",
    ),
    "yaml": (f"a: [{SECRET}\nb:", "expected ',' or ']'"),
    "list": ("- a", "SLS 'list' does not render to a dictionary"),
}


@pytest.fixture
def faulty(site):
    """A site whose pillar has each of these files, and names one that does not exist."""
    for name, (line, _) in FILES.items():
        (site.pillars / f"{name}.sls").write_text(f"{line}\n")
    (site.pillars / "top.sls").write_text(f"base: {{'*': {json.dumps([*FILES, 'missing'])}}}\n")
    return site


def is_logged(done):
    return any(word in done.stderr for word in ("render", "Rendering", "SLS", "Traceback"))


def test_each_reason_is_in_the_report_once_and_the_log_on_stderr_repeats_none(faulty):
    done = faulty.eos("validate", "staging")
    told = " ".join(done.stdout.split())
    for name, (_, reason) in FILES.items():
        place = "" if name == "list" else f"{faulty.pillars}/{name}.sls, line "
        assert place in told and told.count(reason) == 1, (name, told)
    assert "Specified SLS 'missing' in environment 'base' is not available" in told, told
    assert done.rc == 1 and not is_logged(done) and SECRET not in told, done
    # The log file has all of it.
    assert "Jinja syntax error" in (faulty.folder / "salt" / "log").read_text()


def test_as_minion_the_log_repeats_nothing_either(faulty):
    minion = json.loads((faulty.conf / "minion").read_text())
    (faulty.conf / "minion").write_text(json.dumps(minion | {"file_client": "local"}))
    (faulty.pillars / "top.sls").write_text("base: {'*': [function]}\n")
    done = faulty.eos("validate", "staging", "--as-minion")
    assert done.rc == 1 and not is_logged(done) and SECRET not in done.stdout, done
    assert "there is no function nosuch.function" in " ".join(done.stdout.split()), done


def test_a_wrong_top_file_is_told_with_its_line_and_without_its_text(site):
    (site.pillars / "top.sls").write_text(f"base: {{}}\n{{{{ '{SECRET}' \n")
    done = site.eos("validate", "staging")
    assert f"{site.pillars}/top.sls, line 2 cannot be rendered by jinja: " in done.stdout, done
    assert not is_logged(done) and SECRET not in done.stdout, done


def test_what_the_report_does_not_say_stays_in_the_log_on_stderr(site):
    # A name in place of a list: Salt leaves it out, and compiles the rest.
    site.pillar({"components": {}, "environments": {"staging": {}}})
    master = json.loads((site.conf / "master").read_text())
    (site.conf / "master").write_text(json.dumps(master | {"ext_pillar": [{"nosuch": {}}]}))
    done = site.eos("status", "staging")
    assert "ext_pillar interface named nosuch is unavailable" in done.stderr, done
