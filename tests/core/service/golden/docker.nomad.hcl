# Written by Eos from infrastructure:services:docker.
job "docker" {
  type = "service"
  datacenters = ["dc1"]
  namespace = "default"
  meta = {"component":"nomad-docker","environment":"staging","managed_by":"eos"}
  constraint {
    attribute = "\u0024{attr.kernel.name}"
    value = "linux"
  }
  group "docker" {
    count = 2
    shutdown_delay = "1500ms"
    restart {
      attempts = 3
      interval = "600s"
      delay = "15s"
      mode = "fail"
    }
    network {
      port "http" {
        to = 8080
      }
    }
    service {
      name = "docker"
      provider = "consul"
      port = "http"
      tags = ["ci"]
      meta {
        deployment_id = "cafbb6cb2dce"
      }
      check {
        type = "http"
        path = "/login"
        interval = "10s"
        timeout = "2s"
      }
    }
    task "docker" {
      driver = "docker"
      config {
        image = "jenkins/jenkins:lts"
        ports = ["http"]
        volumes = ["/opt/services/data/jenkins:/var/jenkins_home"]
        force_pull = true
        labels = {"team":"ci"}
      }
      env = {"JAVA_OPTS":"-Xmx512m","QUOTES":"a \"b\" \u0024{c}"}
      resources {
        cpu = 200
        memory = 512
      }
    }
  }
}
