# Written by Eos from infrastructure:services:secrets.
job "secrets" {
  type = "service"
  datacenters = ["*"]
  namespace = "default"
  meta = {"component":"nomad-secrets","environment":"staging","managed_by":"eos"}
  group "secrets" {
    count = 2
    task "secrets" {
      driver = "docker"
      config {
        image = "example/api:1"
      }
      env = {}
      template {
        data = "{{ with nomadVar \"nomad/jobs/secrets\" }}API_TOKEN={{ .r0_API_TOKEN.Value | toJSON }}\nKEY={{ .r0_KEY.Value | toJSON }}\n{{ end }}"
        destination = "secrets/variables.env"
        perms = "400"
        env = true
        change_mode = "noop"
        error_on_missing_key = true
      }
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
