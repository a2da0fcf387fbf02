# Written by Eos from infrastructure:services:batch.
job "batch" {
  type = "batch"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-batch","environment":"staging","managed_by":"eos"}
  group "batch" {
    count = 1
    task "batch" {
      driver = "docker"
      config {
        image = "example/import:1"
        args = ["--once"]
      }
      env = {}
      resources {
        cpu = 50
        memory = 512
      }
    }
  }
}
