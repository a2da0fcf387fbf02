"""Secrets are only where Terraform needs them: a sequence of runs, with a search after each step.

`make test` tells the short story, and `make matrix` the whole one, which calls every function.
"""

import ast
import os
import signal
from pathlib import Path

import pytest

from support import kinds
from support.canary_story import FOR_TERRAFORM, Story, kill, quoted
from support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.together("canary")]

STAGING = "environment=staging"


def functions(of):
    """The public functions of a Salt module, read from its source: an import of Salt here disturbs pytest's imports."""
    source = Path(__file__).parents[2] / "python/saltext/eos" / of
    found = ast.parse(source.read_text()).body
    return {one.name for one in found if isinstance(one, ast.FunctionDef) and one.name[0] != "_"}


def questions(story):
    story.run("validate", STAGING)
    story.run("graph", STAGING)
    story.run("graph", STAGING, "format=mermaid")


def an_apply_that_fails(story):
    story.plan_id = story.run("plan", STAGING).report["plan_id"]
    world = story.world
    world.faults(world.fail("create", name="shown", message=quoted(story.flock)))
    story.run("apply", f"plan_id={story.plan_id}", rc=1)
    story.run("status", STAGING)
    world.faults()


def a_provisioner_that_fails(story):
    story.exit = 3
    story.write()
    failed = story.run("orchestrate", STAGING, rc=1)
    assert "exit status 3" in failed.error_text("source"), failed
    story.exit = 0
    story.write()
    story.run("resume", STAGING)
    assert story.world.names() == ["reader", "remote", "shown"]


def a_plan_that_shows_a_change(story):
    story.round += 1
    story.write()
    shown = story.run("orchestrate", STAGING, "test=True")
    assert "(sensitive)" in shown.stdout, shown


def questions_about_what_runs(story):
    story.run("orchestrate", STAGING)
    for function in ("locks", "outputs", "health", "doctor", "snapshots"):
        story.run(function, STAGING)
    story.run("why", STAGING, "what=source")


def everything_is_killed_in_the_middle_of_a_write(story):
    started = story.start()
    call = story.world.writing("shown")
    os.kill(call.terraform, signal.SIGSTOP)
    started.end()
    kill(call.terraform)
    kill(call.provider)
    story.world.faults()
    story.run("status", STAGING)
    story.run("history", STAGING)
    story.run("orchestrate", STAGING, "test=True")
    story.run("resume", STAGING)


def a_state_that_cannot_be_saved(story):
    backup = story.site.workdir("source") / "terraform.tfstate.backup"
    backup.unlink()
    backup.mkdir()
    story.round += 1
    story.write()
    story.run("orchestrate", STAGING, rc=1)
    backup.rmdir()
    story.run("resume", STAGING)


def another_user_stops_a_run(story):
    started = story.start()
    (run_id,) = story.run("status", STAGING).report["running"]
    story.run("cancel", f"run_id={run_id}")
    until(lambda: "stopping" in started.err.read_text(), "the run heard it")
    story.world.faults()
    stopped = started.wait()
    assert stopped.statuses["source"] == "cancelled", stopped
    story.run("show", f"run_id={run_id}")
    story.run("show_run", f"run_id={run_id}", "format=markdown")
    story.run("resume", STAGING)
    story.run("unlock", STAGING, "component=source", "id=none", rc=1)


def modules_that_print_their_secrets(story):
    story.run("orchestrate", "environment=talkative", rc=1)


def drift_approval_and_rollback(story):
    story.run("drift", STAGING)
    story.run("remediate", STAGING, "component=source", "drift_id=none", rc=1)
    story.run("accept_drift", STAGING, "component=source", "drift_id=none", rc=1)
    story.run("approve", f"plan_id={story.plan_id}", rc=1)
    story.run("rollback", STAGING, "components=source", "confirm=staging", "test=True")
    story.run("rollback", STAGING, "components=source", "confirm=staging")
    story.run("acknowledge", STAGING, "components=source")
    story.run("promote", STAGING, "components=source")
    story.run("adopt_job", STAGING, "jobs=source", rc=1)
    story.run("rotate", STAGING, "keys=source/TOKEN", rc=1)
    story.run("orchestrate_infrastructure", STAGING)


def the_plan_of_a_branch_and_what_is_passed_over(story):
    story.round += 1
    story.write()
    branch = [f"pillar_root={story.site.pillars}", f"affected={story.plan_id}"]
    story.run("plan", STAGING, *branch, "format=markdown")
    story.run("orchestrate", STAGING, "refresh=False")
    story.run("orchestrate", STAGING, "refresh=False")


def entries_of_the_pillar(story):
    story.run("diff", STAGING, "target=talkative")
    # top.sls does not include the entries, so nothing is written.
    story.run("carry", STAGING, "target=talkative", "component=source", "test=True", rc=1)
    story.run("create", STAGING, "service=web", "image=web:1", "test=True", rc=1)
    story.run("delete", STAGING, "service=web", "confirm=staging", rc=1)


def functions_of_the_minion(story):
    refresh(story)
    story.ask("validate_pillar", STAGING)
    story.ask("validate_pillar_data", STAGING)
    story.ask("acquire_terraform_lock", "source", STAGING, rc=1)
    story.ask("which_environment", STAGING)
    story.ask("init_workspace", "source", STAGING)
    story.ask("get_outputs", "source", STAGING)
    for output in ("token", "shown", "document"):
        story.ask("get_terraform_output", "source", f"output_name={output}", STAGING)
    story.ask("get_resources", "source", STAGING)
    story.ask("component_is_healthy", "source", STAGING)
    story.ask("detect_drift", "source", STAGING)
    story.ask("ensure_infrastructure", "source", STAGING)
    story.ask("inject_credentials", "hcloud", "source", STAGING)
    story.ask("deploy_nomad_service", "nobody", "staging", rc=1)
    address = "resource_address=world_thing.none"
    story.ask("import_resource", "source", STAGING, address, "resource_id=none", rc=1)
    story.ask("remove_resource", "source", STAGING, address)
    moved = ["from_address=world_thing.none", "to_address=world_thing.shown"]
    story.ask("move_resource", "source", STAGING, *moved)
    story.ask("approve", f"plan_id={story.plan_id}", rc=1)
    unknown = "snapshot_id=01JD3KV6T0W8Q5YB4E2N9RZXCM"
    story.ask("rollback_to_snapshot", "source", STAGING, unknown, rc=1)
    story.ask("get_state", "source", STAGING)
    story.ask("get_state", "reader", STAGING, local=True)
    story.ask("get_state", "remote", STAGING)


def a_plan_and_an_apply_of_the_minion(story):
    world = story.world
    story.round += 1
    story.write()
    refresh(story)
    planned = story.ask("plan", "source", STAGING, local=True)
    story.ask("apply", "source", STAGING, f"plan_file={planned.report['plan_file']}")
    world.faults(world.fail("read", name="shown", message=quoted(story.flock)))
    story.ask("plan", "source", STAGING, rc=1)
    world.faults()


def older_names_and_states(story):
    story.ask("terraform_plan", "source", STAGING)
    story.ask("apply_terraform", "source", STAGING)
    story.state("apply", "test=True", environment="staging")
    story.state("apply", environment="staging")
    story.state("orchestrate", environment="staging", refresh=False)
    story.ask("destroy", "reader", STAGING, "auto_approve=True")
    story.state("destroy", environment="staging", components=["remote"], confirm="staging")


def everything_is_destroyed(story):
    story.run("destroy", STAGING, "confirm=staging")
    assert story.world.names() == []


def refresh(story):
    assert story.site.salt("saltutil.refresh_pillar", "wait=True").rc == 0


SHORT = [
    an_apply_that_fails,
    a_provisioner_that_fails,
    modules_that_print_their_secrets,
    a_plan_that_shows_a_change,
    everything_is_killed_in_the_middle_of_a_write,
    a_plan_and_an_apply_of_the_minion,
    everything_is_destroyed,
]
WHOLE = [
    questions,
    *SHORT[:4],
    questions_about_what_runs,
    everything_is_killed_in_the_middle_of_a_write,
    a_state_that_cannot_be_saved,
    another_user_stops_a_run,
    drift_approval_and_rollback,
    the_plan_of_a_branch_and_what_is_passed_over,
    entries_of_the_pillar,
    functions_of_the_minion,
    a_plan_and_an_apply_of_the_minion,
    older_names_and_states,
    everything_is_destroyed,
]


@pytest.fixture(scope="module")
def story(request, tmp_path_factory, providers):
    made = Story(tmp_path_factory.mktemp("canary"), providers)
    try:
        made.write()
        for chapter in request.param:
            chapter(made)
        until(lambda: "/source/" in made.listener.out.read_text(), "the bus was listened to")
    finally:
        made.close()
    made.sweep("everything")
    return made


whole = pytest.param(WHOLE, id="whole", marks=pytest.mark.matrix)
each_story = pytest.mark.parametrize(
    "story", [pytest.param(SHORT, id="short"), whole], indirect=True
)
the_whole_story = pytest.mark.parametrize("story", [whole], indirect=True)


@each_story
def test_no_secret_is_in_a_file_a_log_a_return_an_event_or_a_report(story):
    assert not story.leaks, "\n".join(story.leaks[:20])


@each_story
def test_every_file_that_may_contain_a_secret_is_private(story):
    assert not story.open_to_others, story.open_to_others
    assert story.held["a local state"]


@the_whole_story
def test_every_kind_of_file_that_may_contain_a_secret_occurs(story):
    # A kind that never contained a secret must not be on the list, except for short-lived and compressed files.
    rare = {"a state that terraform could not save", "a copy that was cut off"}
    passing = rare | {"a plan of a run", "a kept plan"}
    assert story.held.keys() >= kinds.MAY_HOLD.keys() - rare
    held = {kind for kind, names in story.held.items() if names}
    assert held - rare == kinds.MAY_HOLD.keys() - passing


@each_story
def test_no_secret_is_in_an_argument_of_any_process(story):
    terraforms = story.arguments.read_bytes()
    seen = [*story.watch.arguments, terraforms]
    assert b"plan" in terraforms and any(b"terraform\0apply" in one for one in seen)
    assert not [told for one in seen for told in story.flock.heard(one)]


@each_story
def test_no_secret_is_in_an_environment_except_where_configured(story):
    leaks = []
    for environment, whose in story.watch.environments.items():
        # The provisioner has `plain` from its module. Salt and its children have the secrets that the tests gave them.
        provisioner = {"plain"} if b"\0PLAIN=" in environment else set()
        is_terraform = b"TF_IN_AUTOMATION=1" in environment
        given = FOR_TERRAFORM | provisioner if is_terraform else story.by_environment
        leaks += [(one, whose) for one in story.flock.heard(environment, but=given)]
    assert any(b"TF_IN_AUTOMATION=1" in one for one in story.watch.environments)
    assert not leaks


@the_whole_story
def test_every_function_was_called(story):
    assert story.called["runner"] == functions("runners/infrastructure.py")
    assert story.called["module"] == functions("modules/eos_terraform.py")
    assert story.called["state"] == functions("states/eos_terraform.py") - {"mod_watch"}
