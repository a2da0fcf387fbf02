# The pillar contains no secrets, only references to them. Eos reads them when a component's turn begins, and passes
# them to terraform in memory.
infrastructure:
  components:
    storage:
      source: salt://components/storage
      variables:
        buckets: {backups: {keep_days: 365}}

    backups:
      source: salt://components/backups
      from_outputs:
        bucket: storage.bucket_names.backups
      secrets:
        # One trailing newline in the file is not part of the secret.
        access_key: file:/etc/salt/secrets/backups-key

  environments:
    production: {}
    staging:
      components:
        backups:
          # In this environment, the variable has another source. The sensitive output of a component is a secret too.
          from_outputs:
            access_key: storage.access_key
    development:
      components:
        backups:
          secrets:
            access_key: env:BACKUPS_KEY
