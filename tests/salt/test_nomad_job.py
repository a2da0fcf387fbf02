"""`nomad_job` of the provider for tests, with a real agent: it taints and waits like the real provider."""

import json

from support.waiting import until

JOB = "nomad_job.web"


def main(nomad, job, *, fails=False, run_for="1h", **arguments):
    """A module with one service job of the mock driver. Its task ends at once if it `fails`."""
    task = f'run_for = "{run_for}"' if not fails else 'run_for = "1ms"\n exit_code = 3'
    # A failing task ends before it could count as healthy, on any machine.
    proof = "20s" if fails else "100ms"
    lines = "".join(f"  {key} = {json.dumps(value)}\n" for key, value in arguments.items())
    return f"""
terraform {{
  required_providers {{
    nomad = {{
      source  = "hashicorp/nomad"
      version = "~> 2.0"
    }}
  }}
}}
provider "nomad" {{
  address = "{nomad.address}"
}}
resource "nomad_job" "web" {{
  jobspec = <<-SPEC
    job "{job}" {{
      update {{
        min_healthy_time  = "{proof}"
        healthy_deadline  = "60s"
        progress_deadline = "90s"
      }}
      group "web" {{
        restart {{
          attempts = 0
          mode     = "fail"
        }}
        reschedule {{
          attempts  = 0
          unlimited = false
        }}
        task "web" {{
          driver       = "mock_driver"
          kill_timeout = "1s"
          config {{
            {task}
          }}
          resources {{
            cpu    = 10
            memory = 10
          }}
        }}
      }}
    }}
  SPEC
{lines}}}
"""


def found(module):
    """The attributes of the job that a refresh changes, and the job's values before and after."""
    (drift,) = (one["change"] for one in module.plan()["resource_drift"])
    before, after = drift["before"], drift["after"]
    return {key for key in after if after[key] != before[key]}, before, after


def deployed(nomad, job):
    """Waits until no deployment of the job is in progress."""
    until(
        lambda: all(
            one["Status"] in ("successful", "failed")
            for one in nomad.find(f"/v1/job/{job}/deployments") or [{"Status": ""}]
        ),
        f"the deployments of {job} are over",
    )


def kept(module):
    return module.instances()[JOB]


def test_a_starting_job_is_monitored_to_its_end_and_purged_with_the_resource(nomad, bare):
    module = bare(main(nomad, "fine", detach=False, purge_on_destroy=True))
    done = module.apply()
    assert done.rc == 0, done
    attributes = kept(module)["attributes"]
    assert attributes["deployment_status"] == "successful" and attributes["type"] == "service"
    assert module.changes() == {}
    assert module.run("destroy", "-auto-approve").rc == 0
    assert nomad.find("/v1/job/fine") is None


def test_a_create_whose_deployment_fails_is_tainted_and_replaced(nomad, bare):
    module = bare(main(nomad, "tainted", fails=True, detach=False))
    done = module.apply()
    assert done.rc == 1 and "terminated with status 'failed'" in " ".join(done.stderr.split()), done
    assert kept(module)["status"] == "tainted"
    assert module.changes() == {JOB: ["delete", "create"]}


def test_an_update_whose_deployment_fails_shows_no_change_in_the_next_plan(nomad, bare):
    module = bare(main(nomad, "updated", detach=False))
    assert module.apply().rc == 0
    module.write(main(nomad, "updated", fails=True, detach=False))
    done = module.apply()
    assert done.rc == 1 and "failed" in done.stderr, done
    assert "status" not in kept(module)
    assert module.changes() == {}


def test_a_detached_job_is_applied_whether_it_works_or_not(nomad, bare):
    module = bare(main(nomad, "detached", fails=True))
    assert module.apply().rc == 0
    assert not kept(module)["attributes"]["deployment_id"]
    until(
        lambda: any(
            one["Status"] == "failed" for one in nomad.find("/v1/job/detached/deployments") or []
        ),
        "the deployment failed",
    )
    assert module.changes() == {}


def test_the_monitor_gives_up_after_its_own_timeout(nomad, bare):
    module = bare(
        main(nomad, "slow", detach=False).replace('"100ms"', '"2m"').replace('"60s"', '"3m"')
        .replace('"90s"', '"4m"').replace("  SPEC\n", '  SPEC\n  timeouts {\n    create = "1s"\n  }\n')
    )  # fmt: skip
    done = module.apply()
    assert done.rc == 1 and "timeout while waiting" in " ".join(done.stderr.split()), done
    assert kept(module)["status"] == "tainted"


def test_a_job_purged_or_changed_outside_of_terraform_is_planned_again(nomad, bare):
    module = bare(main(nomad, "drifts"))
    assert module.apply().rc == 0
    other = bare(main(nomad, "drifts", run_for="2h"), "other")
    assert other.apply().rc == 0
    assert module.changes() == {JOB: ["update"]}
    nomad.request("/v1/job/drifts?purge=true", "DELETE")
    assert module.changes() == {JOB: ["create"]}


def test_changes_by_nomad_itself_are_refreshed_and_not_planned(nomad, bare):
    """A component's drift depends on these states: the SDK turns null into an empty list."""
    module = bare(main(nomad, "refreshed"))
    assert module.apply().rc == 0
    deployed(nomad, "refreshed")
    until(lambda: nomad.find("/v1/job/refreshed")["Stable"], "the version is stable")
    keys, before, after = found(module)
    assert keys - {"status"} == {"stable", "task_groups"}
    assert (before["task_groups"][0]["volumes"], after["task_groups"][0]["volumes"]) == (None, [])
    assert before["modify_index"] == after["modify_index"]
    assert module.changes() == {}
    # An update leaves an empty list of datacenters.
    module.write(main(nomad, "refreshed", run_for="2h"))
    assert module.apply().rc == 0
    keys, before, _ = found(module)
    assert "datacenters" in keys and before["datacenters"] == [] and before["version"] == 1


def test_a_version_that_nomad_reverted_to_is_found_with_its_jobspec(nomad, bare):
    def spec(**how):
        return main(nomad, "reverted", **how).replace("update {", "update {\n auto_revert = true")

    module = bare(spec())
    assert module.apply().rc == 0
    deployed(nomad, "reverted")
    module.write(spec(fails=True))
    assert module.apply().rc == 0
    until(lambda: nomad.find("/v1/job/reverted")["Version"] == 2, "Nomad went back")
    assert module.changes() == {JOB: ["update"]}
    module.write(spec())
    assert module.changes() == {}
    keys, _, _ = found(module)
    assert {"jobspec", "modify_index", "version", "submit_time"} <= keys


def test_a_job_stays_if_it_is_not_to_be_deregistered(nomad, bare):
    module = bare(main(nomad, "stays", deregister_on_destroy=False))
    assert module.apply().rc == 0
    assert module.run("destroy", "-auto-approve").rc == 0
    assert nomad.find("/v1/job/stays")["Stop"] is False


def test_a_destroy_without_purge_stops_the_job_and_keeps_it(nomad, bare):
    module = bare(main(nomad, "stopped"))
    assert module.apply().rc == 0
    assert module.run("destroy", "-auto-approve").rc == 0
    assert nomad.find("/v1/job/stopped")["Stop"] is True


def test_a_job_of_another_id_replaces_the_first(nomad, bare):
    module = bare(main(nomad, "before", purge_on_destroy=True))
    assert module.apply().rc == 0
    module.write(main(nomad, "after", purge_on_destroy=True))
    assert module.changes() == {JOB: ["delete", "create"]}
    assert module.apply().rc == 0
    assert nomad.find("/v1/job/before") is None and nomad.find("/v1/job/after")


def test_a_stopped_job_runs_again_only_if_configured(nomad, bare):
    module = bare(main(nomad, "dead"))
    assert module.apply().rc == 0
    nomad.request("/v1/job/dead", "DELETE")
    until(lambda: nomad.find("/v1/job/dead")["Status"] == "dead", "the job is dead")
    assert module.changes() == {}
    module.write(main(nomad, "dead", rerun_if_dead=True))
    assert module.apply().rc == 0
    assert nomad.find("/v1/job/dead")["Stop"] is False


def test_a_wrong_jobspec_is_refused_by_the_plan(nomad, bare):
    module = bare(main(nomad, "wrong").replace('group "web"', 'groups "web"'))
    done = module.run("plan")
    assert done.rc == 1 and "error parsing jobspec" in done.stderr, done
