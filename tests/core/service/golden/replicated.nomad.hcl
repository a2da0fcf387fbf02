# Written by Eos from infrastructure:services:replicated.
job "replicated" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-replicated","environment":"staging","managed_by":"eos"}
  group "replicated" {
    count = 2
    volume "data_path" {
      type = "csi"
      source = "replicated-data"
      read_only = false
      access_mode = "multi-node-multi-writer"
      attachment_mode = "file-system"
    }
    task "replicated" {
      driver = "docker"
      config {
        image = "x"
      }
      env = {}
      volume_mount {
        volume = "data_path"
        destination = "/data"
        read_only = false
      }
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
