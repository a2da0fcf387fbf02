"""`why`: each way to ask it, and what each of them knows about files."""

import json

import pytest

MODULE = """
variable "size" { default = 1 }
variable "zone" { default = "a" }
variable "password" {
  default   = ""
  sensitive = true
}
"""
BASE = """\
infrastructure:
  settings: {{root: {root}}}
  components:
    web:
      source: {source}
      variables:
        size: 1
        password: hunter2
      secrets: {{}}
"""
STAGING = """\
infrastructure:
  components: {web: {variables: {size: 2}}}
  environments:
    staging:
      components:
        web:
          variables: {size: 3}
"""
JINJA = """\
{% set zone = "b" %}
infrastructure: {components: {web: {variables: {zone: {{ zone }}}}}}
"""


@pytest.fixture
def pillar(site):
    """A pillar of three files, of which the second overrides a value of the first."""
    source = site.module("web", {"main.tf": MODULE})
    files = {
        "top": "base: {'*': [base, staging, jinja]}",
        "base": BASE.format(root=site.root, source=source),
        "staging": STAGING,
        "jinja": JINJA,
    }
    for name, text in files.items():
        (site.pillars / f"{name}.sls").write_text(text)
    return site


def test_a_value_has_its_levels_files_and_lines_and_no_secret_is_shown(pillar):
    whole = pillar.eos("why", "staging", "web.size")
    own, common = pillar.pillars / "staging.sls", pillar.pillars / "base.sls"
    assert whole.rc == 0 and whole.stderr == "", whole
    assert whole.stdout == (
        "staging: variable web.size\n"
        "  wins          the environment's component = 3\n"
        "      infrastructure:environments:staging:components:web:variables:size\n"
        f"      from {own}, line 7\n"
        "  overridden    component = 2\n"
        "      infrastructure:components:web:variables:size\n"
        f"      from {own}, line 2\n"
        f"      overrides {common}, line 7\n"
        "  overridden    the module's default = 1\n\n"
    )
    every = pillar.eos("why", "staging", "web", "--var", "size=9")
    assert every.rc == 0 and "hunter2" not in every.stdout, every
    rows = {line.split()[0]: line for line in every.stdout.splitlines()[1:-1]}
    assert "= 9" in rows["size"] and "this call, over 2 other levels" in rows["size"], every
    # Jinja wrote the line.
    assert rows["zone"].endswith(f"component, {pillar.pillars / 'jinja.sls'}"), every
    assert rows["password"].split("  ")[1] == "password = (not shown)", every


def test_the_root_of_salts_configuration_is_named_in_place_of_the_pillars(pillar):
    master = json.loads((pillar.conf / "master").read_text())
    own = str(pillar.folder / "own")
    (pillar.conf / "master").write_text(json.dumps(master | {"eos": {"root": own}}))
    told = pillar.eos("why", "staging", "settings.root")
    assert told.rc == 0, told
    assert told.stdout == (
        "staging: key settings.root\n"
        "  wins          the option eos of Salt's configuration, which takes the place of the pillar's"
        f' = "{own}"\n\n'
    )


def test_salt_run_and_a_minion_without_a_master_answer_the_same(pillar):
    minion = json.loads((pillar.conf / "minion").read_text())
    (pillar.conf / "minion").write_text(json.dumps(minion | {"file_client": "local"}))
    of_runner = pillar.run("infrastructure.why", "staging", "web.size")
    of_minion = pillar.eos("why", "staging", "web.size", "--as-minion", "--json")
    assert of_runner.rc == 0 and of_minion.rc == 0, (of_runner, of_minion)
    (found,) = of_runner.report["why"]
    assert [one["sources"][0]["line"] for one in found["levels"][:2]] == [7, 2], of_runner
    assert of_minion.report["why"] == of_runner.report["why"], of_minion


def test_a_minion_with_a_master_says_that_only_the_master_has_the_files():
    # It imports Salt, which changes how modules are imported.
    from saltext.eos.minion_host import MinionHost

    opts = {"id": "web1", "file_client": "remote", "conf_file": "/etc/salt/minion"}
    dunders = {"__opts__": opts, "__pillar__": {}, "__grains__": {}, "__context__": {"runas": None}}
    with pytest.raises(OSError, match="only the master has the pillar's files.*minion=web1"):
        MinionHost(dunders, {}, None).origins([["infrastructure"]])
