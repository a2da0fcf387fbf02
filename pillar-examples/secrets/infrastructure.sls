# Secrets never stand in the pillar: it says where they are. They are read when a component's turn comes,
# and handed to terraform in memory.
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
        # One trailing newline is no part of it.
        access_key: file:/etc/salt/secrets/backups-key

  environments:
    production: {}
    staging:
      components:
        backups:
          # A variable may come from elsewhere here; the sensitive output of another component is a secret too.
          from_outputs:
            access_key: storage.access_key
    development:
      components:
        backups:
          secrets:
            access_key: env:BACKUPS_KEY
