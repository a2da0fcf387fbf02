# Written by Eos from infrastructure:services:ephemeral.
job "ephemeral" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-ephemeral","environment":"staging","managed_by":"eos"}
  group "ephemeral" {
    count = 2
    task "ephemeral" {
      driver = "docker"
      config {
        image = "redis:7"
        volumes = ["../alloc/data:/data"]
      }
      env = {}
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
