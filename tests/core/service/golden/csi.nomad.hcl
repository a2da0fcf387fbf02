# Written by Eos from infrastructure:services:csi.
job "csi" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-csi","environment":"staging","managed_by":"eos"}
  group "csi" {
    count = 1
    volume "data_path" {
      type = "csi"
      source = "csi-data"
      read_only = false
      access_mode = "single-node-writer"
      attachment_mode = "file-system"
    }
    volume "seed" {
      type = "csi"
      source = "pg-seed"
      read_only = true
      access_mode = "multi-node-reader-only"
      attachment_mode = "file-system"
    }
    volume "wal" {
      type = "csi"
      source = "wal"
      read_only = false
      access_mode = "single-node-writer"
      attachment_mode = "file-system"
      per_alloc = true
      mount_options {
        fs_type = "ext4"
        mount_flags = ["noatime"]
      }
    }
    task "csi" {
      driver = "docker"
      config {
        image = "postgres:16"
      }
      env = {}
      volume_mount {
        volume = "data_path"
        destination = "/var/lib/postgresql/data"
        read_only = false
      }
      volume_mount {
        volume = "seed"
        destination = "/seed"
        read_only = true
      }
      volume_mount {
        volume = "wal"
        destination = "/wal"
        read_only = false
      }
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
