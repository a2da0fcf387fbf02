# All three layers in one graph: Terraform modules, services on Nomad, and Salt steps between them.
# It needs a Nomad that allows raw_exec, a Consul beside it, and a Vault. `make demo-nomad` starts all three, and where it
# can a Docker engine.
{% set demo = opts.get('demo', {}) %}
infrastructure:
  settings:
    root: {{ demo.get('root', '/srv/terraform') | json }}
    terraform:
      binary: {{ demo.get('terraform', 'terraform') | json }}
      cli_config_file: {{ demo.get('cli_config_file') | json }}
    nomad: {address: {{ demo.get('nomad', 'http://127.0.0.1:4646') | json }}}
    consul: {address: {{ demo.get('consul', 'http://127.0.0.1:8500') | json }}}
    vault:
      address: {{ demo.get('vault', 'http://127.0.0.1:8200') | json }}
      auth: {method: token, token: {{ demo.get('vault_token', 'file:/etc/salt/secrets/vault') | json }}}

  components:
    networking:
      source: salt://components/networking
      variables: {vpc_cidr: 10.0.0.0/16, zones: [a, b]}
    dns:
      source: salt://components/dns
      variables: {domain: example.org, records: {www: 203.0.113.10}}
      from_outputs: {vpc_id: networking.vpc_id}
    storage:
      source: salt://components/storage
      variables: {buckets: {database: {keep_days: 7}}}
      depends_on: [networking]

    # A step before any service: it prepares the hosts.
    prepare_hosts:
      salt: {target: "*", function: test.ping}
      depends_on: [networking]
    # A step after all services.
    announce:
      salt: {target: "*", function: test.echo, args: ["the services are up"]}
      depends_on: [nomad-web, nomad-worker]

  services:
    database: &answers
      command: {{ demo.get('python', '/usr/bin/python3') | json }}
      args: ["-m", "http.server", "--bind", "127.0.0.1", "--directory", "local", "${NOMAD_PORT_http}"]
      ports: {http: {}}
      health_path: /
      update: {min_healthy_time: 1s, healthy_deadline: 1m, progress_deadline: 2m, auto_revert: true}
      depends_on: [storage, prepare_hosts]
    api:
      <<: *answers
      depends_on: [nomad-database]
      from_outputs: {ZONE: dns.zone_id}
      # If the secret is missing, Eos generates it and stores it in Vault. The job only names it.
      secrets: {API_KEY: {generate: password}}
    web:
      <<: *answers
      depends_on: [nomad-api]
    worker:
      <<: *answers
      depends_on: [nomad-database]

    # A container, for a Nomad whose clients have Docker and this image. The others need no Docker.
    {%- if demo.get('image') %}
    container:
      image: {{ demo.get('image') | json }}
      config: {network_mode: host}
      ports: {http: {}}
      env: {PORT: "${NOMAD_PORT_http}"}
      health_path: /
      update: {min_healthy_time: 1s, healthy_deadline: 1m, progress_deadline: 2m, auto_revert: true}
      depends_on: [nomad-database]
    {%- endif %}

  environments:
    development: {}
