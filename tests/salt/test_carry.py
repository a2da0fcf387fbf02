"""What differs between two environments of the pillar, and how it is carried from one to the other."""

import json

import pytest

from support.pty import Pty
from support.result import assert_refused
from test_create import JOB, entry, files, folder, include, settings, task

APP = """
variable "release" { type = string }
variable "size" { type = number }
variable "password" {
  type      = string
  sensitive = true
  default   = "none"
}
resource "terraform_data" "app" { input = "${var.release}, ${var.size}" }
output "app" { value = terraform_data.app.output }
"""
HIDDEN = "hunter2-of-a-test"


@pytest.fixture
def app(site):
    """The pillar: a component that production has with another size."""
    staging = {"variables": {"release": "1.5", "password": HIDDEN}, "on_failure": "continue"}
    infrastructure = {
        "settings": {"root": str(site.root)},
        "components": {
            "app": {
                "source": site.module("app", {"main.tf": APP}),
                "variables": {"release": "1.4", "size": 1},
            }
        },
        "environments": {
            "staging": {"components": {"app": staging}},
            "production": {"components": {"app": {"variables": {"size": 3}}}},
        },
    }

    def write():
        site.pillar(infrastructure)
        if folder(site).exists():
            (site.pillars / "top.sls").write_text(
                "base: {'*': [infrastructure, infrastructure.eos]}\n"
            )

    write()
    return infrastructure, write


def carry(site, *words, **how):
    return site.run("infrastructure.carry", "staging", "production", *words, **how)


def release(site):
    (one,) = site.state("app", "production")
    return one["instances"][0]["attributes"]["input"]["value"]


def left(done):
    return {one["path"]: one["because"] for one in done.report["carried"]["left"]}


def test_a_component_is_carried_once_and_what_production_sets_itself_stays(site, app):
    infrastructure, write = app
    first = carry(site, "app", "confirm=production")
    assert_refused(first, "pillar_entry_refused", "infrastructure.eos", "top.sls")
    write()
    tested = carry(site, "app", "test=True")
    assert tested.statuses == {"app": "planned"} and list(files(site)) == ["init.sls"], tested
    expected = {"variables.size": "set_there", "variables.password": "may_be_secret"}
    assert left(tested) == expected and tested.report["environment"] == "production", tested
    shown = carry(site, "app", out=None)
    assert shown.rc == 1 and "confirm=production" in shown.stdout, shown
    assert "not carried, because production sets it itself:\n    variables.size\n" in shown.stdout
    assert HIDDEN not in shown.stdout + shown.stderr and list(files(site)) == ["init.sls"]

    made = carry(site, "app", "confirm=production")
    assert made.rc == 0 and made.statuses == {"app": "applied"}, made
    assert release(site) == "1.5, 3"
    before = files(site)
    assert list(before) == ["init.sls", "production/components/app.sls"], before
    assert HIDDEN not in json.dumps(before) and "on_failure: continue" in json.dumps(before)
    audit = json.loads((site.root / "production/.eos/audit.jsonl").read_text().splitlines()[-1])
    assert audit["did"] == "carry" and "1.5" in audit["after"], audit
    again = carry(site, "app")
    assert again.rc == 0 and again.statuses == {"app": "unchanged"}, again
    assert again.report["pillar_entry"]["change"] == "unchanged" and files(site) == before, again

    # A person of production decides the release.
    infrastructure["environments"]["production"]["components"]["app"]["variables"]["release"] = (
        "1.4"
    )
    write()
    own = carry(site, "app", "confirm=production")
    assert left(own)["variables.release"] == "set_there" and release(site) == "1.4, 3", own
    assert "release" not in files(site)["production/components/app.sls"]
    refused = site.run("infrastructure.delete", "production", "app", "confirm=production")
    assert_refused(refused, "arguments:service", "another file of the pillar")
    assert release(site) == "1.4, 3", refused
    assert "production/components/app.sls" in files(site), files(site)
    assert carry(site, "nothing").rc == 1 and carry(site, "nothing").report["error"]


def test_an_edit_by_hand_is_refused_and_a_plan_that_fails_writes_nothing(site, app):
    infrastructure, write = app
    include(site)
    write()
    # Production lacks what the component reads.
    infrastructure["environments"]["staging"]["components"]["net"] = {
        "source": site.module("net", {"main.tf": 'output "size" { value = 7 }\n'})
    }
    staging = infrastructure["environments"]["staging"]["components"]["app"]
    staging["depends_on"] = ["net"]
    write()
    failed = carry(site, "app", "confirm=production")
    assert failed.rc == 1 and "net" in json.dumps(failed.report), failed
    assert list(files(site)) == ["init.sls"], files(site)
    del staging["depends_on"]
    write()
    assert carry(site, "app", "confirm=production").rc == 0
    # What only an entry describes can be deleted with it.
    assert carry(site, "net", "confirm=production").statuses == {"net": "applied"}
    words = ["production", "net", "confirm=production"]
    gone = site.run("infrastructure.delete", *words)
    assert gone.rc == 0 and "net" not in json.dumps(list(files(site))), gone
    path = folder(site) / "production/components/app.sls"
    path.write_text(path.read_text().replace("1.5", "1.7"))
    assert_refused(carry(site, "app", "confirm=production"), "pillar_entry_changed", str(path))


def test_the_name_of_the_other_environment_is_asked_for_on_a_terminal(site, app):
    include(site)
    app[1]()
    run = Pty(site.eos_command("carry", "staging", "production", "app"), site.folder, site.env)
    try:
        run.expect("To carry, type the name of the environment (production): ")
        assert "1 planned" in run.text and "not carried" in run.text, run.text
        run.type("staging")
        assert run.finish() == 1 and "nothing was changed" in run.text, run.text
    finally:
        run.close()
    assert list(files(site)) == ["init.sls"]
    done = site.eos("carry", "staging", "production", "app", "--yes")
    assert done.rc == 0 and "1 applied" in done.stdout, done


def test_a_difference_shows_what_production_lacks_and_no_secret(site, app):
    infrastructure, write = app
    environments = infrastructure["environments"]
    environments["staging"]["services"] = {"web": {"image": "web:2", "port": 80}}
    environments["production"]["components"]["old"] = {
        "source": infrastructure["components"]["app"]["source"]
    }
    environments["production"]["settings"] = {"parallelism": 2}
    infrastructure["services"] = {"api": {"image": "api:1"}}
    write()
    found = site.run("infrastructure.diff", "staging", "production")
    assert found.rc == 0, found
    diff = found.report["diff"]
    by_name = {one["name"]: one for one in diff["components"]}
    assert by_name["nomad-web"]["only"] == "staging" and by_name["old"]["only"] == "production", (
        diff
    )
    assert by_name["nomad-web"]["what"][0]["value"]["value"] == "web:2", diff
    values = {one["name"]: one for one in by_name["app"]["differences"]}
    assert values["release"]["from"]["value"] == "1.5" and values["release"]["by"] == "pillar", diff
    assert values["password"]["from"]["hidden"] is True, diff
    api = {one["name"]: one for one in by_name["nomad-api"]["differences"]}
    assert api["replicas"]["by"] == "default" and api["replicas"]["to"]["value"] == 3, diff
    assert [one["name"] for one in diff["settings"]] == ["parallelism"], diff
    for words in (["diff", "staging", "production"], ["diff", "staging", "production", "app"]):
        text = site.eos(*words)
        assert text.rc == 0 and HIDDEN not in text.stdout + text.stderr, text
        assert all(len(line) <= 80 for line in text.stdout.splitlines()), text
    assert 'release  "1.5" → "1.4"' in text.stdout and "web" not in text.stdout, text
    page = site.eos("diff", "staging", "production", "--format", "markdown")
    assert page.stdout.startswith("### `staging` → `production`") and HIDDEN not in page.stdout, (
        page
    )
    assert HIDDEN not in json.dumps(found.report)
    same = site.eos("diff", "staging", "staging")
    assert same.rc == 1 and "the same environment" in same.stdout + same.stderr, same
    assert_refused(
        site.run("infrastructure.diff", "staging", "prod"), "arguments:target", "production"
    )


def test_a_service_with_a_job_file_is_carried_with_its_file(site, nomad, world):
    infrastructure = site.environment({}, settings=settings(nomad, world))
    infrastructure["environments"] = {"staging": {}, "production": {}}
    site.pillar(infrastructure)
    include(site)
    path = site.folder / "carried.nomad.hcl"
    path.write_text(JOB.replace('"filed"', '"carried"'))
    made = site.eos("create", "staging", "carried", "--job", path)
    assert made.rc == 0 and task(nomad, "carried"), made
    # Both environments have the same Nomad, where only one of them can have the job.
    refused = carry(site, "carried", "confirm=production")
    assert refused.rc == 1 and "already has a job" in json.dumps(refused.report), refused
    assert not entry(site, "carried", "production").exists()
    nomad.request("/v1/job/carried?purge=true", "DELETE")
    done = carry(site, "carried", "confirm=production")
    assert done.rc == 0 and done.statuses == {"nomad-carried": "applied"}, done
    assert task(nomad, "carried")["Config"]["args"] == ["${NOMAD_META_seconds}"]
    templates = [one.parent.name for one in folder(site).rglob("*.nomad.tpl")]
    assert sorted(templates) == ["production", "staging"], templates
    again = carry(site, "carried")
    assert again.rc == 0 and again.statuses == {"nomad-carried": "unchanged"}, again
    gone = site.run("infrastructure.delete", "production", "carried", "confirm=production")
    assert gone.rc == 0 and not task(nomad, "carried"), gone
    assert sorted(files(site)) == ["init.sls", "staging/carried.sls"], files(site)
