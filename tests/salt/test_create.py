"""Services that `create` writes into the pillar and deploys, and that `delete` removes."""

import hashlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.pty import Pty
from support.result import assert_refused
from support.site import Site
from support.waiting import until

pytestmark = pytest.mark.slow

SLEEP = ["command=sleep", "command_args=[3600s]", "count=1"]


def settings(nomad, world):
    return {"terraform": world.terraform, "nomad": {"address": nomad.address}}


def folder(site):
    return site.pillars / "infrastructure" / "eos"


def entry(site, service, environment="staging"):
    return folder(site) / environment / f"{service}.sls"


def sealed(body):
    return f"#!yaml sha256={hashlib.sha256(body.encode()).hexdigest()}\n{body}"


def include(site):
    """The pillar has the entries of Eos, of which there are none yet."""
    folder(site).mkdir(parents=True, exist_ok=True)
    (folder(site) / "init.sls").write_text(sealed("{}\n"))
    (site.pillars / "top.sls").write_text("base: {'*': [infrastructure, infrastructure.eos]}\n")


def put(site, service, more=""):
    """One entry is in force that was never deployed."""
    body = (
        f"infrastructure:\n  environments:\n    staging:\n      services:\n        {service}:\n"
        f'          args: ["3600s"]\n          command: sleep\n          replicas: 1{more}\n'
    )
    entry(site, service).parent.mkdir(exist_ok=True)
    entry(site, service).write_text(sealed(body))
    item = f"infrastructure.eos.staging.{service}"
    (folder(site) / "init.sls").write_text(sealed(f"include:\n  - {item}\n"))


def files(site):
    """Each file of Eos in the pillar, with its text."""
    found = (path for path in folder(site).rglob("*.sls"))
    return {str(path.relative_to(folder(site))): path.read_text() for path in found}


def task(nomad, service):
    """The only task of a job. None if there is no such job."""
    job = nomad.find(f"/v1/job/{service}")
    return job and not job["Stop"] and job["TaskGroups"][0]["Tasks"][0]


def create(site, service, *words, **how):
    return site.run("infrastructure.create", "staging", service, *words, **how)


def test_a_service_is_created_once_updated_after_a_confirmation_and_deleted(site, nomad, world):
    site.environment({}, settings=settings(nomad, world))
    include(site)
    wanted = [*SLEEP, "env_vars={SIZE: one}"]
    tested = create(site, "story", *wanted, "test=True")
    assert tested.rc == 0 and tested.report["pillar_entry"]["change"] == "new", tested
    assert list(files(site)) == ["init.sls"] and not task(nomad, "story"), tested

    made = create(site, "story", *wanted)
    assert made.rc == 0 and made.statuses == {"nomad-story": "applied"}, made
    assert task(nomad, "story")["Env"]["SIZE"] == "one"
    assert oct(entry(site, "story").stat().st_mode & 0o777) == "0o600"
    before = files(site)

    again = create(site, "story", *wanted)
    assert again.rc == 0 and again.statuses == {"nomad-story": "unchanged"}, again
    assert again.report["pillar_entry"]["change"] == "unchanged" and files(site) == before, again

    wanted[-1] = "env_vars={SIZE: two}"
    refused = create(site, "story", *wanted)
    assert_refused(refused, "arguments:confirm", "confirm=staging")
    assert files(site) == before and task(nomad, "story")["Env"]["SIZE"] == "one"
    shown = create(site, "story", *wanted, out=None)
    assert shown.rc == 1 and "SIZE: one" in shown.stdout and "SIZE: two" in shown.stdout, shown
    updated = create(site, "story", *wanted, "confirm=staging")
    assert updated.rc == 0 and updated.statuses == {"nomad-story": "applied"}, updated
    assert task(nomad, "story")["Env"]["SIZE"] == "two" and files(site) != before
    # The audit log has the change, and who made it.
    audit = (site.root / "staging/.eos/audit.jsonl").read_text().splitlines()
    last = json.loads(audit[-1])
    assert last["did"] == "create" and last["by"]["user"], last
    assert "SIZE: one" in last["before"] and "SIZE: two" in last["after"], last

    for words in ([], ["confirm=production"]):
        refused = site.run("infrastructure.delete", "staging", "story", *words)
        assert_refused(refused, "arguments:confirm")
    gone = site.run("infrastructure.delete", "staging", "story", "confirm=staging")
    assert gone.rc == 0 and gone.statuses == {"nomad-story": "destroyed"}, gone
    assert list(files(site)) == ["init.sls"] and not task(nomad, "story"), gone
    assert site.run("infrastructure.validate", "staging").rc == 0
    twice = site.run("infrastructure.delete", "staging", "story", "confirm=staging")
    assert_refused(twice, "arguments:service", "create")


def test_nothing_is_written_that_the_pillar_would_not_have(site, nomad, world):
    infrastructure = site.environment({}, settings=settings(nomad, world))
    refused = create(site, "web", *SLEEP)
    assert_refused(refused, "pillar_entry_refused", "infrastructure.eos", "top.sls")
    # The list exists, so the line for top.sls breaks nothing.
    assert list(files(site)) == ["init.sls"], files(site)
    line = refused.report["error"]["remedy"].split("base: ")[1]
    (site.pillars / "top.sls").write_text(f"base:\n  '*': [infrastructure]\n  {line[1:-1]}\n")
    tested = create(site, "web", *SLEEP, "test=True")
    assert tested.rc == 0 and tested.statuses == {"nomad-web": "planned"}, tested

    # Nomad has no node for it, and no docker.
    nowhere = create(site, "web", "image=nowhere/web:1", "count=1")
    assert_refused(nowhere, "nomad_unplaceable", component="nomad-web")
    for wrong in (["image=a:1", "command=b"], [], [*SLEEP, "env_vars=A"], [*SLEEP, "port=0"]):
        assert_refused(create(site, "web", *wrong), "arguments:")
    assert_refused(create(site, "../web", *SLEEP), "arguments:service")
    assert_refused(create(site, "web_1", *SLEEP), "web_1")
    assert list(files(site)) == ["init.sls"], files(site)

    infrastructure["services"] = {"web": {"command": "sleep"}}
    site.pillar(infrastructure)
    (site.pillars / "top.sls").write_text("base: {'*': [infrastructure, infrastructure.eos]}\n")
    assert_refused(create(site, "web", *SLEEP), "arguments:service", "in the pillar already")
    not_ours = site.run("infrastructure.delete", "staging", "web", "confirm=staging")
    assert_refused(not_ours, "arguments:service", "infrastructure.destroy")
    assert list(files(site)) == ["init.sls"], files(site)


def test_a_minion_is_told_that_only_the_master_writes_the_pillar(site):
    site.environment({})
    minion = json.loads((site.conf / "minion").read_text()) | {"file_client": "local"}
    (site.conf / "minion").write_text(json.dumps(minion))
    refused = site.eos("create", "staging", "web", "--image", "a:1", "--as-minion", "--json")
    assert_refused(refused, "pillar_entry_refused", "only a runner of the master")


def test_an_entry_that_would_take_other_keys_away_is_not_written(tmp_path, nomad, world):
    site = Site(tmp_path / "merging", extra={"pillar_source_merging_strategy": "overwrite"})
    try:
        site.environment({}, settings=settings(nomad, world))
        include(site)
        refused = create(site, "web", *SLEEP)
        assert_refused(refused, "pillar_entry_refused", "infrastructure:settings", "merging")
        assert list(files(site)) == ["init.sls"], files(site)
    finally:
        site.close()


def test_a_file_that_somebody_has_changed_is_refused_and_left_as_it_is(site, nomad, world):
    site.environment({}, settings=settings(nomad, world))
    include(site)
    put(site, "mine")
    written = entry(site, "mine").read_text()
    entry(site, "mine").write_text(written.replace("3600s", "7200s"))
    listed = (folder(site) / "init.sls").read_text()
    before = files(site)
    for call in (
        create(site, "mine", *SLEEP, "confirm=staging"),
        create(site, "mine", *SLEEP, "test=True"),
        site.run("infrastructure.delete", "staging", "mine", "confirm=staging"),
    ):
        assert_refused(call, "pillar_entry_changed", str(entry(site, "mine")))
    (folder(site) / "init.sls").write_text(listed + "# mine\n")
    assert_refused(create(site, "other", *SLEEP), "pillar_entry_changed", "init.sls")
    assert entry(site, "mine").read_text() == before["staging/mine.sls"] and len(files(site)) == 2


def test_a_delete_that_policy_stops_waits_for_an_approval_and_keeps_the_entry(site, nomad, world):
    policy = {"protect": ["nomad_job"]}
    site.environment({}, settings=settings(nomad, world) | {"policy": policy})
    include(site)
    assert create(site, "kept", *SLEEP).rc == 0
    stopped = site.run("infrastructure.delete", "staging", "kept", "confirm=staging")
    assert stopped.rc == 1 and stopped.statuses == {"nomad-kept": "blocked"}, stopped
    assert entry(site, "kept").exists() and task(nomad, "kept"), stopped
    plan_id = stopped.report["plan_id"]
    for function in ("approve", "apply"):
        done = site.run(f"infrastructure.{function}", plan_id)
        assert done.rc == 0, done
    assert entry(site, "kept").exists() and not task(nomad, "kept")
    gone = site.run("infrastructure.delete", "staging", "kept", "confirm=staging")
    assert gone.rc == 0 and list(files(site)) == ["init.sls"], gone


def test_an_update_on_a_terminal_is_shown_and_asked_for(site, nomad, world):
    site.environment({}, settings=settings(nomad, world))
    include(site)
    put(site, "mine")
    before = files(site)
    words = ["create", "staging", "mine", "--command", "sleep", "--arg", "7200s", "--count", "1"]
    without = site.eos(*words)
    assert without.rc == 1 and "--confirm staging" in without.stdout, without
    run = Pty(site.eos_command(*words), site.folder, site.env)
    try:
        run.expect("To update, type the name of the environment (staging): ")
        assert '-           args: ["3600s"]' in run.text and "1 planned" in run.text, run.text
        run.type("production")
        assert run.finish() == 1 and "nothing was changed" in run.text, run.text
    finally:
        run.close()
    assert files(site) == before


def volume(nomad, name):
    """Makes a volume on the only client. Returns its folder."""
    modes = {"AttachmentMode": "file-system", "AccessMode": "single-node-writer"}
    wanted = {"Name": name, "PluginID": "mkdir", "RequestedCapabilities": [modes]}
    body = json.dumps({"Volume": wanted}).encode()
    made = nomad.request("/v1/volume/host/create", "PUT", body)["Volume"]
    found = until(
        lambda: [one for one in volumes(nomad, name) if one["State"] == "ready"],
        "the volume is there",
    )
    assert [one["ID"] for one in found] == [made["ID"]]
    return Path(nomad.request(f"/v1/volume/host/{made['ID']}")["HostPath"])


def volumes(nomad, name):
    return [one for one in nomad.request("/v1/volumes?type=host") if one["Name"] == name]


def test_data_and_secrets_stay_and_are_named_until_they_are_purged(site, nomad, vault, world):
    token = site.folder / "token"
    token.write_text("root-of-the-tests\n")
    auth = {"method": "token", "token": f"file:{token}"}
    vaults = {"vault": {"address": vault.address, "auth": auth}}
    site.environment({}, settings=settings(nomad, world) | vaults)
    include(site)
    put(site, "secretive", more="\n          secrets: {TOKEN: {generate: hex}}")
    assert site.orchestrate().statuses == {"nomad-secretive": "applied"}
    path = "/v1/secret/metadata/services/staging/secretive"
    before = files(site)

    def delete(service, *words):
        return site.run("infrastructure.delete", "staging", service, "confirm=staging", *words)

    wrong = delete("secretive", "purge_data=secretiv")
    assert_refused(wrong, "arguments:purge_data", "purge_data=secretive")
    assert files(site) == before and task(nomad, "secretive") and vault.find(path)
    gone = delete("secretive")
    assert gone.statuses == {"nomad-secretive": "destroyed"}, gone
    (left,) = gone.report["left_data"]
    what = "vault:secret/services/staging/secretive (TOKEN)"
    assert (left["what"], left["removed"]) == (what, False), gone
    assert "purge_data=secretive" in gone.report["purge_command"] and vault.find(path), gone
    # Once it is gone, its data can still be removed.
    assert_refused(delete("secretive", "purge_data=other"), "arguments:purge_data")
    purged = delete("secretive", "purge_data=secretive")
    assert purged.rc == 0 and purged.report["left_data"][0]["removed"], purged
    assert not vault.find(path)
    assert_refused(delete("secretive", "purge_data=secretive"), "arguments:service")

    name = f"shelf-{site.folder.parent.name}"[:40].replace("_", "-")
    shelf = volume(nomad, name)
    (shelf / "book").write_text("kept")
    more = (
        f"\n          driver: exec\n          volumes: {{shelf: {{source: {name}, path: /shelf}}}}"
    )
    put(site, "reader", more=more)
    kept = site.run("infrastructure.delete", "staging", "reader", "test=True")
    assert kept.report["left_data"][0]["what"] == f"the volume {name} of Nomad", kept
    assert (shelf / "book").exists()
    purged = delete("reader", "purge_data=reader")
    assert purged.rc == 0 and purged.report["left_data"][0]["removed"], purged
    assert not volumes(nomad, name) and not shelf.exists(), purged
    assert list(files(site)) == ["init.sls"], files(site)


def test_two_at_once_wait_for_each_other_and_a_killed_one_is_repaired(site, started, nomad, world):
    site.environment({}, settings=settings(nomad, world))
    include(site)
    # A call was killed after the entry was written, and before it was in force.
    entry(site, "left").parent.mkdir()
    entry(site, "left").write_text(sealed("infrastructure: {environments: {staging: {a: b}}}\n"))
    both = [
        started(site.salt_run("infrastructure.create", "staging", name, *SLEEP))
        for name in ("one", "two")
    ]
    for one in both:
        done = one.wait(120)
        assert done.rc == 0, done
    assert set(files(site)) == {"init.sls", "staging/one.sls", "staging/two.sls"}, files(site)
    assert task(nomad, "one") and task(nomad, "two")

    # It is killed while it deploys. The next call does the rest.
    killed = started(site.salt_run("infrastructure.create", "staging", "three", *SLEEP))
    until(lambda: task(nomad, "three"), "the job is registered")
    os.kill(killed.pid, signal.SIGKILL)
    killed.process.wait(10)
    rest = create(site, "three", *SLEEP)
    assert rest.rc == 0 and rest.report["pillar_entry"]["change"] == "unchanged", rest
    assert task(nomad, "three")


def test_a_pillar_in_git_is_printed_and_deployed_once_a_person_has_saved_it(site, nomad, world):
    site.environment({}, settings=settings(nomad, world))
    include(site)
    subprocess.run(["git", "init", "-q", site.pillars], check=True, env=site.env)
    printed = create(site, "web", *SLEEP)
    assert printed.rc == 0 and printed.report["result"] is None, printed
    shown = printed.report["pillar_entry"]
    assert shown["file"] == "infrastructure/eos/staging/web.sls" and not shown["written"], shown
    assert "git repository" in printed.report["pillar_print"]["because"], printed
    assert list(files(site)) == ["init.sls"] and not task(nomad, "web"), printed

    entry(site, "web").parent.mkdir()
    entry(site, "web").write_text(shown["after"])
    item = printed.report["pillar_print"]["include"]
    (folder(site) / "init.sls").write_text(f"include: [{item}]\n")
    saved = create(site, "web", *SLEEP, "test=True")
    assert saved.report["pillar_entry"]["change"] == "unchanged", saved
    assert saved.statuses == {"nomad-web": "planned"}, saved
    refused = site.run("infrastructure.delete", "staging", "web", "confirm=staging")
    assert_refused(refused, "arguments:service", "git repository", item)


def test_a_checkout_gets_a_commit_of_the_user_and_nothing_is_deployed(tmp_path, nomad, world):
    checkout = tmp_path / "checkout"
    option = {"pillar_write": "branch", "pillar_checkout": str(checkout)}
    checkout.mkdir()
    (checkout / "top.sls").write_text("base: {'*': [infrastructure, infrastructure.eos]}\n")
    site = Site(tmp_path / "branch", extra={"eos": option})

    def git(*words):
        argv = ["git", "-C", checkout, "-c", "user.name=a", "-c", "user.email=a@b", *words]
        done = subprocess.run(argv, check=True, env=site.env, capture_output=True, text=True)
        return done.stdout.strip()

    try:
        site.environment({}, settings=settings(nomad, world))
        (checkout / "infrastructure.sls").write_text(
            (site.pillars / "infrastructure.sls").read_text()
        )
        site.pillars = checkout
        include(site)
        git("init", "-q", "-b", "work")
        git("add", ".")
        git("commit", "-q", "-m", "first")
        made = create(site, "web", *SLEEP)
        assert made.rc == 0 and made.report["result"] is None, made
        commit = made.report["pillar_commit"]
        assert commit["name"] == "work" and commit["commit"] == git("rev-parse", "HEAD"), made
        log = git("log", "-1", "--format=%an %s", "--name-only").split()
        assert log[0] == made.report["user"] and log[1:4] == ["Create", "the", "service"], log
        changed = ["infrastructure/eos/init.sls", "infrastructure/eos/staging/web.sls"]
        assert log[-2:] == changed and git("status", "--porcelain", "-uno") == "", log
        assert not task(nomad, "web")
        again = create(site, "web", *SLEEP)
        assert again.report["pillar_commit"]["commit"] == commit["commit"], again
        # As if a call had been killed before its commit.
        git("reset", "-q", "HEAD^")
        commit = create(site, "web", *SLEEP).report["pillar_commit"]
        assert commit["commit"] == git("rev-parse", "HEAD") and not git("diff", "--stat", "HEAD")
        gone = site.run("infrastructure.delete", "staging", "web", "confirm=staging")
        assert gone.rc == 0 and not entry(site, "web").exists(), gone
        assert git("rev-parse", "HEAD^") == commit["commit"] and not task(nomad, "web")
    finally:
        site.close()


def test_an_option_of_the_master_that_means_nothing_is_refused(tmp_path):
    for name, option, words in (
        ("key", {"pillar_wirte": "print"}, ["no key 'pillar_wirte'", "pillar_write"]),
        ("word", {"pillar_write": "sideways"}, ["pillar_write must be one of", "direct"]),
        ("alone", {"pillar_write": "branch"}, ["pillar_checkout", "together"]),
        (
            "nowhere",
            {"pillar_write": "branch", "pillar_checkout": "/nowhere"},
            ["pillar_checkout", "top.sls"],
        ),
    ):
        site = Site(tmp_path / name, extra={"eos": option})
        try:
            site.environment({})
            assert_refused(site.run("infrastructure.validate", "staging"), *words)
        finally:
            site.close()


def test_a_user_who_is_not_root_creates_what_external_auth_allows(master, salt_api, nomad, world):
    master.environment({}, settings=settings(nomad, world), name="shop")
    include(master)

    def call(function, *arguments, **keywords):
        return salt_api.run("creator", function, *arguments, kwarg=keywords)

    sleep = {"command": "sleep", "command_args": ["3600s"], "count": 1}
    try:
        assert call("create", "bus", "web-1", **sleep) is None
        assert call("create", "shop", "db", **sleep) is None
        made = call("create", "shop", "web-1", **sleep)
        assert made["result"] is True and made["user"] == "creator", made
        assert entry(master, "web-1", "shop").exists() and task(nomad, "web-1")
        last = (master.root / "shop/.eos/audit.jsonl").read_text().splitlines()[-1]
        by = json.loads(last)["by"]
        assert by["user"] == "creator" and by["identity"]["authentication"] == "salt", by
        gone = call("delete", "shop", "web-1", confirm="shop")
        assert gone["result"] is True and not entry(master, "web-1", "shop").exists(), gone
    finally:
        (master.pillars / "top.sls").write_text("base: {'*': [infrastructure]}\n")


JOB = """job "filed" {
  group "g" {
    task "t" {
      driver = "raw_exec"
      config {
        command = "sleep"
        args    = ["${NOMAD_META_seconds}"]
      }
      meta {
        seconds = "3600"
      }
    }
  }
}
"""


def test_a_job_file_is_deployed_as_it_is_and_an_update_replaces_its_template(site, nomad, world):
    approvals = {"from": ["carol", "group:ops"], "other_than_author": True}
    site.environment({}, settings=settings(nomad, world) | {"approvals": approvals})
    include(site)
    path = site.folder / "filed.nomad.hcl"
    path.write_text(JOB)

    def templates():
        return [path.name for path in folder(site).rglob("*.nomad.tpl")]

    tested = site.eos("create", "staging", "filed", "--job", path, "--test")
    assert tested.rc == 0 and templates() == [] and not task(nomad, "filed"), tested
    made = site.eos("create", "staging", "filed", "--job", path)
    assert made.rc == 0 and "1 applied" in made.stdout, made
    assert task(nomad, "filed")["Config"]["args"] == ["${NOMAD_META_seconds}"]
    (first,) = templates()
    again = site.eos("create", "staging", "filed", "--job", path, "--json")
    assert again.statuses == {"nomad-filed": "unchanged"}, again
    # Its gate alone would take ten seconds, if it had to prove again what it has proved.
    assert again.report["duration"] < 10, again
    path.write_text(JOB.replace("3600", "7200"))
    assert site.eos("create", "staging", "filed", "--job", path).rc == 1
    assert templates() == [first]
    updated = site.eos("create", "staging", "filed", "--job", path, "--yes")
    assert updated.rc == 0 and task(nomad, "filed")["Meta"]["seconds"] == "7200", updated
    (second,) = templates()
    assert second != first

    # Another name is another job, so the plan deletes the old one, and policy stops it.
    path.write_text(JOB.replace('"filed"', '"renamed"'))
    blocked = site.eos("create", "staging", "filed", "--job", path, "--yes", "--json")
    assert blocked.rc == 1 and blocked.statuses == {"nomad-filed": "blocked"}, blocked
    assert "approve" in blocked.report["approve_command"] and task(nomad, "filed"), blocked
    who = "carol or group:ops, but not by the user who made the plan"
    assert blocked.report["approvers"] == who, blocked
    path.write_text(JOB.replace("3600", "7200"))
    back = site.eos("create", "staging", "filed", "--job", path, "--yes")
    assert back.rc == 0 and "1 unchanged" in back.stdout, back
    template = entry(site, "filed").with_name(second)
    template.write_text(template.read_text().replace("7200", "1"))
    changed = site.eos("create", "staging", "filed", "--job", path, "--json")
    assert_refused(changed, "pillar_entry_changed", second)
