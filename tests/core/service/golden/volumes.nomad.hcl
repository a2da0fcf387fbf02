# Written by Eos from infrastructure:services:volumes.
job "volumes" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-volumes","environment":"staging","managed_by":"eos"}
  group "volumes" {
    count = 2
    shutdown_delay = "3s"
    network {
      port "http" {
        to = 5432
      }
    }
    service {
      name = "volumes"
      provider = "consul"
      port = "http"
      meta {
        deployment_id = "a47fd78eeb4a"
      }
      check {
        type = "tcp"
        interval = "5s"
        timeout = "2s"
      }
    }
    volume "data" {
      type = "host"
      source = "pg-data"
      read_only = false
    }
    volume "seed" {
      type = "host"
      source = "seed"
      read_only = true
    }
    task "volumes" {
      driver = "docker"
      config {
        image = "postgres:16"
        ports = ["http"]
      }
      env = {}
      volume_mount {
        volume = "data"
        destination = "/var/lib/postgresql/data"
        read_only = false
      }
      volume_mount {
        volume = "seed"
        destination = "/seed"
        read_only = true
      }
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
