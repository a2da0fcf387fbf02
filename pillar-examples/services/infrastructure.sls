# Services on Nomad, and the components that they need. Each service becomes a component, nomad-NAME.
infrastructure:
  settings:
    nomad:
      address: https://nomad.example.org:4646
      token: file:/etc/salt/secrets/nomad
      region: eu
    terraform:
      cli_config_file: /etc/salt/terraformrc

  components:
    networking:
      source: salt://components/networking
      variables: {vpc_cidr: 10.0.0.0/16}

  services:
    jenkins:
      image: jenkins/jenkins:lts
      port: 8080
      health_path: /login
      data_path: {source: /opt/services/data/jenkins, path: /var/jenkins_home}
      depends_on: [networking]
      from_outputs: {VPC_ID: networking.vpc_id}
    grafana:
      image: grafana/grafana:11.2.0
      port: 3000
      check: {type: http, path: /api/health, interval: 15s}
      volumes: {grafana: {path: /var/lib/grafana}}
      # One new instance starts first. A person decides when the others follow.
      update: {canary: 1, auto_revert: true, progress_deadline: 15m}
      depends_on: [nomad-jenkins]
    cleanup:
      type: batch
      command: /usr/local/bin/cleanup
      args: ["--older-than", "30d"]

  # One more service, for one environment, in its own mapping. It names no folder for its data, so in production they
  # are on the volume metrics-data.
  nomad_service:
    name: metrics
    environment: production
    config:
      image: prom/prometheus:v2.54.1
      port: 9090
      replicas: 1
      health_path: /-/healthy
      data_path: {path: /prometheus}

  environments:
    production: {}
    staging:
      services:
        jenkins: {replicas: 1, memory: 1024}
        grafana: {enabled: false}
