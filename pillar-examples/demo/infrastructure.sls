# A complete environment that needs only Terraform's built-in provider, so it runs anywhere.
{% set demo = opts.get('demo', {}) %}
infrastructure:
  settings:
    root: {{ demo.get('root', '/srv/terraform') | json }}
    terraform:
      binary: {{ demo.get('terraform', 'terraform') | json }}

  components:
    networking:
      source: salt://components/networking
      variables:
        vpc_cidr: 10.0.0.0/16
        zones: [a, b, c]

    dns:
      source: salt://components/dns
      variables:
        domain: example.org
        records: {www: 203.0.113.10, mail: 203.0.113.25}
      from_outputs:
        vpc_id: networking.vpc_id

    load_balancer:
      source: salt://components/load_balancer
      from_outputs:
        subnet_ids: networking.subnet_ids
        zone_id: dns.zone_id
        domain: dns.domain

    storage:
      source: salt://components/storage
      variables:
        buckets:
          models: {versioning: false}
          backups: {keep_days: 365}

    boundary:
      source: salt://components/boundary
      variables: {controllers: 3, workers: 2}
      from_outputs:
        vpc_id: networking.vpc_id
        subnet_id: networking.subnet_ids.a
        load_balancer_endpoint: load_balancer.endpoint

    hecate_proxy:
      source: salt://components/hecate_proxy
      variables:
        upstreams: {grafana: "http://10.0.1.20:3000"}
      from_outputs:
        load_balancer_id: load_balancer.load_balancer_id
        domain: dns.domain
        boundary_address: boundary.controller_endpoint

    azure_llm:
      source: salt://components/azure_llm
      variables:
        models: {small: small/v2.gguf}
        monthly_budget: 2500
      from_outputs:
        subnet_id: networking.subnet_ids.b
        model_bucket: storage.bucket_names.models

    backups:
      source: salt://components/backups
      # Backups come after everything else, because a backup must contain the whole environment.
      depends_on: ["*"]
      variables: {retention_days: 90}
      from_outputs:
        bucket: storage.bucket_names.backups
        access_key: storage.access_key

  environments:
    production: {}
    staging:
      components:
        networking:
          variables: {vpc_cidr: 10.1.0.0/16, zones: [a, b]}
        boundary:
          variables: {controllers: 1, workers: 1}
        backups:
          variables: {retention_days: 7}
