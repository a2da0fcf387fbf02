# Written by Eos from infrastructure:services:raw-exec.
job "raw-exec" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  region = "global"
  meta = {"component":"nomad-raw-exec","environment":"staging","managed_by":"eos"}
  group "raw-exec" {
    count = 2
    network {
      port "http" {
        static = 8000
      }
    }
    service {
      name = "raw-exec"
      provider = "consul"
      port = "http"
      meta {
        deployment_id = "925f6d91684b"
      }
      check {
        type = "http"
        path = "/"
        interval = "10s"
        timeout = "2s"
      }
    }
    task "raw-exec" {
      driver = "raw_exec"
      config {
        command = "/usr/bin/python3"
        args = ["-m","http.server","8000"]
      }
      env = {}
      resources {
        cpu = 200
        memory = 32
      }
    }
  }
}
