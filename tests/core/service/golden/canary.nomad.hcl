# Written by Eos from infrastructure:services:canary.
job "canary" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-canary","environment":"staging","managed_by":"eos"}
  update {
    max_parallel = 2
    canary = 1
    auto_revert = true
    auto_promote = false
    min_healthy_time = "500ms"
    healthy_deadline = "120s"
    progress_deadline = "300s"
  }
  group "canary" {
    count = 2
    shutdown_delay = "3s"
    network {
      port "http" {
      }
    }
    service {
      name = "canary"
      provider = "nomad"
      port = "http"
      check {
        type = "http"
        path = "/"
        interval = "10s"
        timeout = "2s"
      }
    }
    task "canary" {
      driver = "raw_exec"
      config {
        command = "/usr/bin/api"
        args = ["--listen","\u0024{NOMAD_ADDR_http}"]
      }
      env = {}
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
