"""The example of the first documents, as they write it: a module with `templatefile`, and a state with `workspace`."""

import sys

import pytest

from support.nomad import Nomad
from support.ports import free_port
from support.services import settings
from support.waiting import until

# The resource and the outputs are those of the documents, with their own spaces.
MAIN = """\
resource "nomad_job" "grafana" {
  jobspec = templatefile("${path.module}/grafana.nomad.tpl", {
    admin_password = var.admin_password
    port          = var.port
    datacenter    = var.datacenter
    data_path     = var.data_path
    cpu           = var.cpu
    memory        = var.memory
  })

  purge_on_destroy = true
  detach          = false
}

# Terraform manages the job lifecycle
output "grafana_url" {
  value = "http://localhost:${var.port}"
}

output "consul_service" {
  value = "grafana.service.consul"
}
"""
VARIABLES = """\
variable "admin_password" { type = string }
variable "port" { type = number }
variable "datacenter" { type = string }
variable "data_path" { type = string }
variable "cpu" {
  type    = number
  default = 50
}
variable "memory" {
  type    = number
  default = 50
}
"""
# A program in place of the image. Like Grafana, it does not start without its data.
PROGRAM = """\
import http.server, os, sys
data = os.environ["GF_PATHS_DATA"]
if not os.path.isdir(data):
    sys.exit("GF_PATHS_DATA='" + data + "' is not writable.")
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/login" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass
port = int(os.environ["GF_SERVER_HTTP_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer).serve_forever()
"""
TEMPLATE = """\
job "grafana" {
  datacenters = ["${datacenter}"]
  type        = "service"

  update {
    min_healthy_time  = "1s"
    healthy_deadline  = "20s"
    progress_deadline = "0s"
  }

  group "grafana" {
    count = 1

    restart {
      attempts = 0
      mode     = "fail"
    }
    network {
      port "http" {
        static = ${port}
      }
    }

    task "grafana" {
      driver = "raw_exec"
      config {
        command = "@python@"
        args    = ["local/grafana.py"]
      }
      template {
        destination = "local/grafana.py"
        data        = <<-PROGRAM
@program@
        PROGRAM
      }
      env {
        GF_SECURITY_ADMIN_PASSWORD = "${admin_password}"
        GF_SERVER_HTTP_PORT        = "${port}"
        GF_PATHS_DATA              = "${data_path}"
      }
      resources {
        cpu    = ${cpu}
        memory = ${memory}
      }

      service {
        name = "grafana"
        port = "http"
        check {
          type     = "http"
          path     = "/login"
          interval = "1s"
          timeout  = "1s"
        }
      }
    }
  }
}
"""
# `{{ .get(...) }}` of the documents is Salt's pillar.
STATE = """\
grafana_terraform_deployment:
  eos_terraform.apply:
    - component: grafana
    - workspace: {{ salt['pillar.get']('environment', 'production') }}
    - variables:
        admin_password: {{ salt['pillar.get']('grafana:admin_password', 'admin') }}
        port: {{ salt['pillar.get']('grafana:port', 3000) }}
        datacenter: {{ salt['pillar.get']('nomad:datacenter', 'dc1') }}
        data_path: {{ salt['pillar.get']('grafana:data_path', '/opt/grafana/data') }}
"""


@pytest.fixture
def registering(tmp_path, consul):
    """A Nomad that registers in Consul."""
    folder = tmp_path / "registering"
    folder.mkdir()
    made = Nomad(folder, consul.address)
    yield made
    made.close()


def test_the_grafana_of_the_documents_is_applied_updated_failed_repaired_and_destroyed(
    site, registering, consul, providers
):
    nomad, data = registering, site.folder / "data"
    data.mkdir()
    program = "".join(f"        {line}\n" for line in PROGRAM.splitlines()).rstrip("\n")
    template = TEMPLATE.replace("@python@", sys.executable).replace("@program@", program)
    source = site.module(
        "grafana", {"main.tf": MAIN, "variables.tf": VARIABLES, "grafana.nomad.tpl": template}
    )
    (site.states / "grafana").mkdir()
    (site.states / "grafana" / "deploy.sls").write_text(STATE)
    grafana = {"admin_password": "secret123", "port": free_port(), "data_path": str(data)}
    own = settings(site.folder, providers, nomad) | {"root": str(site.root)}

    def deploy(*words, **changes):
        infrastructure = {
            "settings": own,
            "components": {"grafana": {"source": source}},
            "environments": {"production": {}, "staging": {}},
        }
        site.pillar(
            infrastructure,
            environment="production",
            grafana=grafana | changes,
            nomad={"datacenter": "dc1"},
        )
        done = site.call("state.apply", "grafana.deploy", *words)
        (row,) = done.report.values()
        return row

    def task():
        return nomad.request("/v1/job/grafana")["TaskGroups"][0]["Tasks"][0]

    planned = deploy("test=True")
    assert planned["result"] is None and nomad.find("/v1/job/grafana") is None, planned
    applied = deploy()
    assert applied["result"] is True and applied["changes"], applied
    assert task()["Env"]["GF_SECURITY_ADMIN_PASSWORD"] == "secret123"
    until(lambda: consul.find("/v1/health/service/grafana?passing"), "Consul finds it healthy")
    outputs = site.run("infrastructure.outputs", "production").report["components"]["grafana"]
    assert outputs["outputs"] == {
        "grafana_url": f"http://localhost:{grafana['port']}",
        "consul_service": "grafana.service.consul",
    }

    for words in ([], ["test=True"]):
        again = deploy(*words)
        assert again["result"] is True and again["changes"] == {}, again

    updated = deploy(admin_password="secret456")
    assert updated["result"] is True and updated["changes"], updated
    assert task()["Env"]["GF_SECURITY_ADMIN_PASSWORD"] == "secret456"

    failed = deploy(admin_password="secret456", data_path="/nonexistent/data")
    assert failed["result"] is False, failed
    # The last words of the task, not only those of the provider.
    assert "GF_PATHS_DATA='/nonexistent/data' is not writable." in failed["comment"], failed

    repaired = deploy(admin_password="secret456")
    assert repaired["result"] is True, repaired
    assert task()["Env"]["GF_PATHS_DATA"] == str(data)
    until(lambda: consul.find("/v1/health/service/grafana?passing"), "it serves again")

    gone = site.run("infrastructure.destroy", "production", "confirm=production")
    assert gone.rc == 0 and gone.statuses == {"grafana": "destroyed"}, gone
    assert nomad.find("/v1/job/grafana") is None
    until(lambda: consul.find("/v1/catalog/service/grafana") == [], "nothing is registered")
