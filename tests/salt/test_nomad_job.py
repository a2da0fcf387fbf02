"""`nomad_job` of the provider for tests, against a real agent: it taints and waits as the real one does."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest

from support import programs
from support.postgres import free_port
from support.waiting import until

JOB = "nomad_job.web"


class Agent:
    def __init__(self, folder):
        program = programs.require("nomad")
        ports = {name: free_port() for name in ("http", "rpc", "serf")}
        config = folder / "agent.hcl"
        config.write_text(
            "ports {\n"
            + "".join(f"  {name} = {port}\n" for name, port in ports.items())
            + '}\nclient {\n  options = {\n    "fingerprint.denylist" = '
            '"env_aws,env_gce,env_azure,env_digitalocean"\n  }\n}\n'
            'plugin "raw_exec" {\n  config {\n    enabled = true\n  }\n}\n'
        )
        self.address = f"http://127.0.0.1:{ports['http']}"
        with (folder / "agent.log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, "agent", "-dev", "-bind=127.0.0.1", f"-config={config}"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self.ready, "the node is ready", timeout=90)

    def ready(self):
        assert self.process.poll() is None, "nomad ended at once"
        return any(one["Status"] == "ready" for one in self.get("/v1/nodes") or [])

    def get(self, path, method="GET"):
        request = urllib.request.Request(self.address + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            return None

    def close(self):
        for one in self.get("/v1/jobs") or []:
            self.get(f"/v1/job/{one['ID']}?purge=true", "DELETE")
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    made = Agent(tmp_path_factory.mktemp("nomad"))
    yield made
    made.close()


def main(agent, job, *, fails=False, run_for="1h", **arguments):
    """A module with one service job of the mock driver, whose task ends at once where it `fails`."""
    task = f'run_for = "{run_for}"' if not fails else 'run_for = "1ms"\n exit_code = 3'
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
  address = "{agent.address}"
}}
resource "nomad_job" "web" {{
  jobspec = <<-SPEC
    job "{job}" {{
      update {{
        min_healthy_time  = "100ms"
        healthy_deadline  = "3s"
        progress_deadline = "4s"
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


def kept(module):
    return module.instances()[JOB]


def test_a_job_that_comes_up_is_monitored_to_its_end_and_purged_with_the_resource(agent, bare):
    module = bare(main(agent, "fine", detach=False, purge_on_destroy=True))
    done = module.apply()
    assert done.rc == 0, done
    attributes = kept(module)["attributes"]
    assert attributes["deployment_status"] == "successful" and attributes["type"] == "service"
    assert module.changes() == {}
    assert module.run("destroy", "-auto-approve").rc == 0
    assert agent.get("/v1/job/fine") is None


def test_a_create_whose_deployment_fails_is_tainted_and_replaced(agent, bare):
    module = bare(main(agent, "tainted", fails=True, detach=False))
    done = module.apply()
    assert done.rc == 1 and "terminated with status 'failed'" in " ".join(done.stderr.split()), done
    assert kept(module)["status"] == "tainted"
    assert module.changes() == {JOB: ["delete", "create"]}


def test_an_update_whose_deployment_fails_shows_no_change_in_the_next_plan(agent, bare):
    module = bare(main(agent, "updated", detach=False))
    assert module.apply().rc == 0
    module.write(main(agent, "updated", fails=True, detach=False))
    done = module.apply()
    assert done.rc == 1 and "failed" in done.stderr, done
    assert "status" not in kept(module)
    assert module.changes() == {}


def test_a_detached_job_is_applied_whatever_becomes_of_it(agent, bare):
    module = bare(main(agent, "detached", fails=True))
    assert module.apply().rc == 0
    assert not kept(module)["attributes"]["deployment_id"]
    until(
        lambda: any(
            one["Status"] == "failed" for one in agent.get("/v1/job/detached/deployments") or []
        ),
        "the deployment failed",
    )
    assert module.changes() == {}


def test_the_monitor_gives_up_after_its_own_timeout(agent, bare):
    module = bare(
        main(agent, "slow", detach=False).replace('"100ms"', '"2m"').replace('"3s"', '"3m"')
        .replace('"4s"', '"4m"').replace("  SPEC\n", '  SPEC\n  timeouts {\n    create = "1s"\n  }\n')
    )  # fmt: skip
    done = module.apply()
    assert done.rc == 1 and "timeout while waiting" in " ".join(done.stderr.split()), done
    assert kept(module)["status"] == "tainted"


def test_a_job_purged_behind_terraform_is_planned_again_and_a_changed_one_is_not(agent, bare):
    module = bare(main(agent, "drifts"))
    assert module.apply().rc == 0
    other = bare(main(agent, "drifts", run_for="2h"), "other")
    assert other.apply().rc == 0
    assert module.changes() == {}
    agent.get("/v1/job/drifts?purge=true", "DELETE")
    assert module.changes() == {JOB: ["create"]}


def test_a_job_is_left_alone_where_it_is_not_to_be_deregistered(agent, bare):
    module = bare(main(agent, "stays", deregister_on_destroy=False))
    assert module.apply().rc == 0
    assert module.run("destroy", "-auto-approve").rc == 0
    assert agent.get("/v1/job/stays")["Stop"] is False


def test_a_destroy_without_purge_stops_the_job_and_keeps_it(agent, bare):
    module = bare(main(agent, "stopped"))
    assert module.apply().rc == 0
    assert module.run("destroy", "-auto-approve").rc == 0
    assert agent.get("/v1/job/stopped")["Stop"] is True


def test_a_job_of_another_id_replaces_the_first(agent, bare):
    module = bare(main(agent, "before", purge_on_destroy=True))
    assert module.apply().rc == 0
    module.write(main(agent, "after", purge_on_destroy=True))
    assert module.changes() == {JOB: ["delete", "create"]}
    assert module.apply().rc == 0
    assert agent.get("/v1/job/before") is None and agent.get("/v1/job/after")


def test_a_stopped_job_runs_again_only_where_that_is_asked_for(agent, bare):
    module = bare(main(agent, "dead"))
    assert module.apply().rc == 0
    agent.get("/v1/job/dead", "DELETE")
    until(lambda: agent.get("/v1/job/dead")["Status"] == "dead", "the job is dead")
    assert module.changes() == {}
    module.write(main(agent, "dead", rerun_if_dead=True))
    assert module.apply().rc == 0
    assert agent.get("/v1/job/dead")["Stop"] is False


def test_a_wrong_jobspec_is_refused_by_the_plan(agent, bare):
    module = bare(main(agent, "wrong").replace('group "web"', 'groups "web"'))
    done = module.run("plan")
    assert done.rc == 1 and "error parsing jobspec" in done.stderr, done
