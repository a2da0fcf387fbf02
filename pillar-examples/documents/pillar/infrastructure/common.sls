# What all environments have. A component without a source has the module salt://components/NAME.
infrastructure:
  settings:
    profile: documents
    nomad: {address: "https://nomad.example.org:4646", token: "file:/etc/salt/secrets/nomad"}
    consul: {address: "https://consul.example.org:8501", token: "file:/etc/salt/secrets/consul"}
    # The two servers are those of the cluster below: their modules read the addresses from here.
    terraform:
      env:
        CONSUL_HTTP_ADDR: https://consul.example.org:8501
        CONSUL_HTTP_TOKEN: file:/etc/salt/secrets/consul
        VAULT_ADDR: https://vault.example.org:8200
        VAULT_TOKEN: file:/etc/salt/secrets/vault

  components:
    # hcloud
    network:
      variables: {ip_range: 10.0.0.0/16}
    nomad_cluster:
      from_outputs: {network_id: network.network_id}
      health:
        - tcp: {host: {output: first_address}, port: 4646}

    # consul and vault, once the machines are there
    mesh:
      variables: {protocol: http}
      depends_on: [nomad_cluster]
    secrets_engine:
      variables: {path: services}
      depends_on: [nomad_cluster]

    # aws and azurerm, which need nothing of the others
    backups:
      variables: {keep_days: 30}
    models:
      variables: {location: westeurope}

    # cloudflare, after what it points to
    dns:
      from_outputs: {addresses: nomad_cluster.addresses}
      depends_on: [nomad-grafana, nomad-jenkins]

    # consul again: it reads aws, azurerm and cloudflare
    inventory:
      from_outputs:
        bucket: backups.bucket
        models_url: models.url
        names: dns.names

  services:
    grafana:
      image: grafana/grafana:12.0.0
      port: 3000
      health_path: /api/health
      depends_on: [mesh, secrets_engine]
    jenkins:
      image: jenkins/jenkins:2.516.1-lts-jdk21
      port: 8080
      health_path: /login
      data_path: {source: /opt/services/data/jenkins, path: /var/jenkins_home}
      depends_on: [mesh, secrets_engine]
