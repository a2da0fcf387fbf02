# Backends for the state: each environment has its own backend, and each component has its own key in it.
infrastructure:
  settings:
    terraform:
      env:
        # Credentials are in the environment of the process that runs Eos, or in files of its user.
        AWS_ACCESS_KEY_ID: env:AWS_ACCESS_KEY_ID
        AWS_SECRET_ACCESS_KEY: env:AWS_SECRET_ACCESS_KEY
        PGUSER: terraform
        PGPASSWORD: file:/etc/salt/secrets/terraform-pg

  components:
    networking:
      source: salt://components/networking
      variables: {vpc_cidr: 10.0.0.0/16}
    dns:
      source: salt://components/dns
      variables: {domain: example.org}
      from_outputs: {vpc_id: networking.vpc_id}

  environments:
    production:
      settings:
        # Eos sets the key: production/networking, production/dns.
        backend:
          type: s3
          bucket: example-terraform-state
          region: eu-west-1
          use_lockfile: true
    staging:
      settings:
        # Eos sets the schema: staging/networking, staging/dns.
        backend:
          type: pg
          conn_str: postgres://db.example.org/terraform
