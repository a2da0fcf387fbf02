"""The bridge between Salt and the core: the caller, the errors of Salt, and the end of a call."""

import signal

import pytest

from support import modules
from support.result import assert_refused
from support.waiting import until


@pytest.fixture
def echo(site):
    site.source = site.module("echo", modules.ECHO)
    site.environment({"echo": {"source": site.source}})
    return site


def test_a_report_names_the_job_and_the_user(echo):
    ran = echo.run("infrastructure.validate", "environment=staging").report
    assert ran["jid"].isdigit() and ran["user"], ran
    called = echo.call("eos_terraform.validate_pillar", "environment=staging").report
    assert called["jid"].isdigit() and called["user"], called


def test_half_a_pillar_is_refused_and_not_applied(echo):
    """If one SLS file does not render, Salt continues with the rest, which looks complete."""
    (echo.pillars / "top.sls").write_text("base: {'*': [infrastructure, broken]}\n")
    (echo.pillars / "broken.sls").write_text("a: {{ nowhere.at.all }}\n")
    done = echo.orchestrate()
    assert done.rc == 1 and done.report["result"] is False, done
    assert "broken" in done.error_text(), done
    assert not list(echo.root.rglob("terraform.tfstate"))
    called = echo.call("eos_terraform.apply", "echo", "environment=staging", "auto_approve=True")
    assert called.rc == 1, called
    assert not list(echo.root.rglob("terraform.tfstate"))


def test_an_external_pillar_that_fails_is_refused(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    conf = site.folder / "salt" / "conf" / "master"
    conf.write_text(
        conf.read_text().replace('"ext_pillar": []', '"ext_pillar": [{"cmd_json": "false"}]')
    )
    done = site.orchestrate()
    assert "Traceback (most recent call last)" not in done.stdout, done
    assert done.report["operation"] == "orchestrate"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("{{ hunter2.at.all }}", "main.tf: line 2: a name is not defined"),
        ("{{ {}['hunter2'] }}", "main.tf: line 2: a value has no such key or attribute"),
        ("{% if %}", "main.tf: line 2: expected an expression"),
        ("{% import_yaml 'nosuch.yaml' as a %}", "there is no file nosuch.yaml"),
        ("{{ salt['nosuch.function']() }}", "there is no function nosuch.function"),
        ("{{ raise('hunter2') }}", "an expression fails with TemplateError"),
    ],
)
def test_a_template_that_does_not_render_is_refused_with_the_reason_and_without_a_value(
    site, written, reason
):
    files = {"main.tf": f'output "a" {{\n  value = "{written}"\n}}\n'}
    component = {"source": site.module("templated", files), "template": "jinja"}
    site.environment({"templated": component})
    done = site.run("infrastructure.validate", "staging")
    assert_refused(done, reason)
    assert "hunter2" not in done.stdout, done


def test_a_template_reads_the_pillar_the_grains_and_salts_functions(site):
    files = {
        "main.tf": "{% set where = salt['pillar.get']('place:name') %}"
        'output "a" {\n  value = "{{ where }} {{ pillar.place.name }} {{ opts.id }}"\n}\n'
    }
    component = {"source": site.module("templated", files), "template": "jinja"}
    infrastructure = site.environment({"templated": component})
    site.pillar(infrastructure, place={"name": "here"})
    done = site.orchestrate()
    assert done.rc == 0, done
    outputs = done.report["components"]["templated"]["outputs"]
    assert outputs["a"].startswith("here here "), outputs


def test_a_run_under_nohup_continues_after_its_terminal_closes(site, started):
    mark = site.folder / "mark"
    component = {"source": site.module("slow", modules.waits(3)), "variables": {"mark": str(mark)}}
    site.environment({"slow": component})
    run = started(["nohup", *site.salt_run("infrastructure.orchestrate", "environment=staging")])
    until(mark.exists, "the apply began", timeout=60)
    run.process.send_signal(signal.SIGHUP)
    done = run.wait()
    assert done.rc == 0 and done.statuses == {"slow": "applied"}, done


def test_a_new_file_of_a_module_is_seen_at_once(echo):
    assert echo.orchestrate().rc == 0
    echo.module("echo", {"more.tf": 'output "more" {\n  value = 1\n}\n'})
    done = echo.orchestrate()
    assert done.report["components"]["echo"]["outputs"].get("more") == 1, done


def test_the_outputter_passes_other_values_to_nested(echo):
    assert echo.orchestrate().rc == 0
    done = echo.call("eos_terraform.get_outputs", "echo", "environment=staging", out="eos")
    assert done.rc == 0 and "outputs:" in done.stdout, done
    ping = echo.call("test.ping", out="eos")
    assert ping.rc == 0 and "True" in ping.stdout, ping


@pytest.mark.parametrize("function", ["orchestrate", "destroy"])
def test_a_state_named_as_a_component_keeps_its_own_row(echo, function):
    echo.sls(
        "echo",
        f"""
echo:
  eos_terraform.{function}:
    - environment: staging
    - confirm: staging
""".replace("    - confirm: staging\n" if function == "orchestrate" else "\0", ""),
    )
    done = echo.call("state.apply", "echo", "test=True")
    assert len(done.report) == 2, done


def test_an_endlessly_nested_pillar_is_refused(site):
    deep = "[" * 200 + "]" * 200
    site.environment({})
    text = (site.pillars / "infrastructure.sls").read_text()
    site.pillar_text(text.replace('"components": {}', f'"components": {{"a": {deep}}}'))
    assert_refused(site.orchestrate(), "nested")
