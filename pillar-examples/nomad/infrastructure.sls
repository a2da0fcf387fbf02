# All three layers in one graph: modules of Terraform, services on Nomad, steps of Salt's own between them.
# It runs on a Nomad that allows raw_exec, with a Consul beside it, and a Vault; `make demo-nomad` brings all three.
{% set eos = opts.get('eos', {}) %}
infrastructure:
  settings:
    root: {{ eos.get('root', '/srv/terraform') | json }}
    terraform:
      binary: {{ eos.get('terraform', 'terraform') | json }}
      cli_config_file: {{ eos.get('cli_config_file') | json }}
    nomad: {address: {{ eos.get('nomad', 'http://127.0.0.1:4646') | json }}}
    consul: {address: {{ eos.get('consul', 'http://127.0.0.1:8500') | json }}}
    vault:
      address: {{ eos.get('vault', 'http://127.0.0.1:8200') | json }}
      auth: {method: token, token: {{ eos.get('vault_token', 'file:/etc/salt/secrets/vault') | json }}}

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

    # Before any service: what the hosts need.
    prepare_hosts:
      salt: {target: "*", function: test.ping}
      depends_on: [networking]
    # After all of them.
    announce:
      salt: {target: "*", function: test.echo, args: ["the services are up"]}
      depends_on: [nomad-web, nomad-worker]

  services:
    database: &answers
      command: {{ eos.get('python', '/usr/bin/python3') | json }}
      args: ["-m", "http.server", "--bind", "127.0.0.1", "--directory", "local", "${NOMAD_PORT_http}"]
      ports: {http: {}}
      health_path: /
      update: {min_healthy_time: 1s, healthy_deadline: 1m, progress_deadline: 2m, auto_revert: true}
      depends_on: [storage, prepare_hosts]
    api:
      <<: *answers
      depends_on: [nomad-database]
      from_outputs: {ZONE: dns.zone_id}
      # Made and kept in Vault where it is missing; the job only names it.
      secrets: {API_KEY: {generate: password}}
    web:
      <<: *answers
      depends_on: [nomad-api]
    worker:
      <<: *answers
      depends_on: [nomad-database]

  environments:
    development: {}
