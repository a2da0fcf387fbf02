"""Problems in the pillar are reported all at once, with their paths, before anything runs."""

import socket

import pytest

from support import modules
from support.result import assert_refused

COMPONENTS = "infrastructure:components"


def refused(site, *words):
    done = site.orchestrate()
    assert_refused(done, *words)
    assert not list(site.root.rglob("terraform.tfstate")), "something was run"
    return done


@pytest.mark.quick
def test_every_problem_is_in_one_error_with_its_pillar_path(site):
    networking = {"source": site.module("networking", modules.NETWORK)}
    boundary = {
        "source": site.module("boundary", modules.SERVER),
        "from_outputs": {"subnet_id": "networking.subnet"},
        "variables": {"colour": "blue"},
    }
    site.environment(
        {
            "networking": networking,
            "boundary": boundary,
            "idle": {"source": "salt://modules/none"},
        },
        settings={
            "paralelism": 3,
            "on_failure": "explode",
            "timeouts": {"plan": "soon"},
        },
    )
    refused(
        site,
        f"{COMPONENTS}:boundary:from_outputs:subnet_id",
        "networking has no output",
        "cidr, subnet_id, vpc_id",
        f"{COMPONENTS}:boundary:variables:colour",
        f"{COMPONENTS}:idle:source",
        "salt://modules/none",
        "infrastructure:settings:paralelism",
        "parallelism",
        "infrastructure:settings:on_failure",
        "infrastructure:settings:timeouts:plan",
    )


SILENT = """
infrastructure:
  settings: {{root: {root}}}
  components:
    version: {{source: {text}, variables: {{text: 1.30}}}}
    answer: {{source: {text}, variables: {{text: yes}}}}
    quoted: {{source: {text}, variables: {{text: "1.30"}}}}
    mode: {{source: {text}, variables: {{text: 0755}}}}
    typo: {{source: {object}, variables: {{o: {{name: n, tgas: {{a: b}}}}}}}}
  environments: {{staging: {{}}}}
"""


def test_what_yaml_or_terraform_would_change_in_silence_is_refused_with_its_place(site):
    text = site.module("text", {"main.tf": 'variable "text" { type = string }'})
    typed = "object({ name = string, tags = optional(map(string), {}) })"
    named = site.module("object", {"main.tf": f'variable "o" {{ type = {typed} }}'})
    site.pillar_text(SILENT.format(root=site.root, text=text, object=named))
    done = refused(
        site,
        f"{COMPONENTS}:version:variables:text",
        "the number 1.3",
        f"{COMPONENTS}:answer:variables:text",
        "the boolean true",
        "quote it",
        f"{COMPONENTS}:typo:variables:o",
        'did you mean \\"tags\\"?',
    )
    problems = done.report["error"]["details"]["problems"]
    assert len(problems) == 3, problems
    # The same rule holds for a call.
    site.environment({"web": {"source": text, "variables": {"text": "x"}}})
    call = ["eos_terraform.plan", "web", "staging"]
    given = site.call(*call, "variables={text: 1.30}")
    assert_refused(given, "arguments:variables:text", "quote it")


def test_validate_notes_an_integer_that_becomes_a_text(site):
    text = site.module("text", {"main.tf": 'variable "text" { type = string }'})
    site.environment({"web": {"source": text, "variables": {"text": 755}}})
    done = site.run("infrastructure.validate", "staging")
    assert done.rc == 0, done
    assert "integers become texts: text." in done.report["notes"]["web"][0], done.report


BAD_NAMES = [
    "../etc",
    "two words",
    'quo"te',
    "quo'te",
    "n" * 300,
    "Upper",
    "a/b",
    "-x",
    "",
    "ünder",
]


def test_every_component_name_that_could_not_be_a_path_is_refused_at_once(site):
    source = site.module("echo", modules.ECHO)
    site.environment({name: {"source": source} for name in [*BAD_NAMES, "good"]})
    said = refused(site, COMPONENTS).error_text()
    for name in BAD_NAMES:
        assert name.replace('"', '\\"')[:40] in said or name.replace('"', '\\\\\\"')[:40] in said, (
            name
        )
    assert not (site.root.parent / "etc").exists()


@pytest.mark.parametrize("name", ["../staging", "s" * 300])
def test_an_environment_with_a_bad_name_is_refused(site, name):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}}, name=name)
    assert_refused(site.orchestrate(environment=name), "environment")


def test_an_unknown_environment_is_refused_with_those_that_exist(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    assert_refused(site.orchestrate(environment="stagin"), "stagin", "staging")


def test_a_pillar_without_infrastructure_is_refused(site):
    site.pillar_text("#!json\n{}")
    assert_refused(site.orchestrate(), "infrastructure")


def test_a_pillar_that_does_not_render_is_refused_without_a_traceback(site):
    site.pillar_text("infrastructure: {{ this is no jinja\n")
    done = site.orchestrate()
    assert done.rc == 1 and "Traceback" not in done.stdout, done
    assert "could not compile the pillar" in done.error_text(), done
    place = f"{site.pillars}/infrastructure.sls, line 1 cannot be rendered by jinja"
    assert place in done.error_text(), done


def test_a_pillar_that_does_not_compile_is_refused_with_the_command_that_shows_what_salt_says(site):
    site.pillar_text("infrastructure: {{ this is no jinja\n")
    minion = f"{socket.gethostname()}_master"
    shows = f"salt-run -c {site.conf} pillar.show_pillar {minion}"
    for done in (
        site.run("infrastructure.validate", "staging"),
        site.eos("plan", "staging", "--json"),
    ):
        (about,) = [
            one
            for one in done.report["error"]["details"]["problems"]
            if "compile" in one["message"]
        ]
        assert about["message"].endswith(f"; this shows what Salt compiles: {shows}"), done
    shown = site.run("pillar.show_pillar", minion)
    assert "Rendering SLS 'infrastructure' failed" in shown.json["_errors"][0], shown
    # The doctor names it once.
    assert site.eos("doctor").stdout.count("pillar.show_pillar") == 1


def test_a_place_in_the_call_is_named_as_the_caller_writes_it(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    table = [
        (site.eos("show", "x", "--json"), "arguments:RUN"),
        (site.eos("plan", "nowhere", "--json"), "arguments:ENV"),
        (site.eos("history", "staging", "--limit", "0", "--json"), "arguments:--limit"),
        (site.run("infrastructure.show", "run_id=x"), "arguments:run_id"),
        (site.call("eos_terraform.plan", "echo", "nowhere"), "arguments:environment"),
    ]
    for done, place in table:
        (problem,) = done.report["error"]["details"]["problems"]
        assert problem["path"] == place, done


def test_wrong_yaml_is_told_with_its_file_and_line_and_without_a_word_of_the_file(site):
    text = "infrastructure:\n  settings: {}\n  a: hunter2: hunter3\n"
    site.pillar_text(text)
    plain = f"{site.pillars}/infrastructure.sls, line 3 cannot be rendered: mapping values"
    done = site.eos("doctor")
    told = " ".join(done.stdout.replace("| ", "").split())
    assert plain in told and f"salt-run -c {site.conf} pillar.show_pillar" in told, done
    # The log on the terminal does not repeat it, with a traceback and a part of the file.
    assert "Traceback" not in done.stderr and "hunter" not in done.stdout + done.stderr, done
    # The pillar of a masterless minion is compiled before the call.
    assert plain in site.call("eos_terraform.plan", "echo", "staging").error_text()
    site.pillar_text(text.replace("a: hunter2: hunter3", "a: *hunter2"))
    done = site.eos("plan", "staging")
    assert "line 3 cannot be rendered" in done.stdout, done
    assert "hunter" not in done.stdout + done.stderr, done


def test_a_cycle_is_named_in_its_order(site):
    source = site.module("echo", modules.ECHO)
    site.environment(
        {
            "a": {"source": source, "depends_on": ["b"]},
            "b": {"source": source, "from_outputs": {"value": "c.value"}},
            "c": {"source": source, "depends_on": ["a"]},
        }
    )
    done = refused(site)
    text = done.error_text()
    assert any(order in text for order in ("a → b → c → a", "a -> b -> c -> a")), text


def test_numbers_that_json_does_not_have_are_refused_with_their_path(site):
    source = site.module("echo", modules.ECHO)
    site.environment(
        {
            "echo": {
                "source": source,
                "variables": {"value": {"deep": [1.0, float("nan")]}},
            }
        },
        settings={"lock_timeout": float("inf")},
    )
    refused(
        site,
        f"{COMPONENTS}:echo:variables:value:deep:1",
        "infrastructure:settings:lock_timeout",
    )


@pytest.mark.quick
def test_a_secret_in_a_public_place_of_a_service_is_refused_and_not_shown(site):
    service = {"image": "jenkins", "env": {"KEY": "vault:secret/db#password"}}
    config = {"image": "grafana/grafana", "admin_password": "hunter2"}
    site.environment(
        {}, services={"jenkins": service}, nomad_service={"name": "grafana", "config": config}
    )
    done = refused(
        site,
        "infrastructure:services:jenkins:env:KEY",
        "set it in secrets",
        "infrastructure:nomad_service:config:admin_password",
        "a pillar must not contain secrets",
    )
    assert "hunter2" not in done.said, done


def test_variables_of_the_wrong_type_missing_or_set_twice_are_refused(site):
    typed = {
        "main.tf": """
variable "count_of" {
  type = number
}
variable "tags" {
  type    = map(string)
  default = {}
}
variable "needed" {
  type = string
}
variable "twice" {
  type = string
}
"""
    }
    source = site.module("typed", typed)
    site.environment(
        {
            "echo": {"source": site.module("echo", modules.ECHO)},
            "typed": {
                "source": source,
                "variables": {"count_of": "many", "tags": ["a"], "twice": "x"},
                "from_outputs": {"twice": "echo.value"},
            },
        }
    )
    path = f"{COMPONENTS}:typed"
    refused(site, f"{path}:variables:count_of", f"{path}:variables:tags", "needed", "twice")


def test_yaml_keys_that_are_not_text_and_dates_are_refused_or_converted_clearly(site):
    source = site.module("echo", modules.ECHO)
    site.pillar_text(
        f"""#!yaml
infrastructure:
  settings: {{root: {site.root}}}
  environments: {{staging: {{}}}}
  components:
    echo:
      source: {source}
      variables:
        value: 2026-11-21T10:00:00Z
    binary:
      source: {source}
      variables:
        value: !!binary aGVsbG8=
"""
    )
    done = site.orchestrate()
    assert "Traceback" not in done.said, done
    # Salt passes a date as text. Bytes are not JSON.
    assert_refused(done, f"{COMPONENTS}:binary:variables:value")


@pytest.mark.quick
def test_a_pillar_that_does_not_reach_the_minion_is_named_with_the_command_that_shows_it(site):
    site.environment({"echo": {"source": site.module("echo", modules.ECHO)}})
    (site.pillars / "top.sls").write_text("base: {web1: [infrastructure]}\n")
    name = f"{socket.gethostname()}_master"
    for done in (site.orchestrate(), site.run("infrastructure.validate")):
        assert_refused(done, f"the pillar of {name} has no environments", "top file")
        assert f"pillar.show_pillar {name}" in done.error_text(), done
    assert site.run("infrastructure.validate", "minion=web1").rc == 0
    # What Salt itself says about the pillar is enough.
    (site.pillars / "top.sls").write_text("base: {'*': [nothing]}\n")
    broken = site.orchestrate()
    assert_refused(broken, "Specified SLS 'nothing'")
    assert "top file" not in broken.error_text(), broken
