# Written by Eos from infrastructure:services:persistent.
job "persistent" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-persistent","environment":"staging","managed_by":"eos"}
  group "persistent" {
    count = 2
    task "persistent" {
      driver = "docker"
      config {
        image = "grafana/grafana:11"
        volumes = ["/opt/services/data/persistent:/var/lib/grafana"]
      }
      env = {}
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
