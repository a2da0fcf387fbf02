# Written by Eos from infrastructure:services:ports.
job "ports" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-ports","environment":"staging","managed_by":"eos"}
  group "ports" {
    count = 2
    shutdown_delay = "3s"
    network {
      port "admin" {
        to = 15672
      }
      port "bus" {
        static = 5672
        to = 5672
      }
      port "metrics" {
      }
    }
    service {
      name = "ports"
      provider = "consul"
      port = "bus"
      meta {
        deployment_id = "64cda5a63cf3"
      }
      check {
        type = "tcp"
        interval = "10s"
        timeout = "2s"
      }
    }
    task "ports" {
      driver = "docker"
      config {
        image = "example/bus:2"
        ports = ["admin","bus","metrics"]
      }
      env = {}
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
