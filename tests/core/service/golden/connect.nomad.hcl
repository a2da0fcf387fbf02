# Written by Eos from infrastructure:services:connect.
job "connect" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-connect","environment":"staging","managed_by":"eos"}
  group "connect" {
    count = 2
    shutdown_delay = "3s"
    network {
      mode = "bridge"
    }
    service {
      name = "connect"
      provider = "consul"
      port = "9090"
      meta {
        deployment_id = "615b1020d0ba"
      }
      check {
        type = "http"
        path = "/health"
        expose = true
        interval = "10s"
        timeout = "2s"
      }
      connect {
        sidecar_service {
          proxy {
            upstreams {
              destination_name = "db"
              local_bind_port = 5432
            }
          }
        }
      }
    }
    task "connect" {
      driver = "docker"
      config {
        image = "example/api:1"
      }
      env = {}
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
