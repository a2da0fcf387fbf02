# What a plan may do without being asked for, and what a failure means for the others.
infrastructure:
  settings:
    parallelism: 8
    # Start nothing more after a failure; this is the default.
    on_failure: stop
    timeouts: {plan: 10m, apply: 1h}
    policy:
      # The default: a plan that deletes or replaces anything is blocked, and its dependents are skipped.
      allow_destroy: false
      # Never deleted or replaced, whatever a call says: a type, an address, or all that is in a module.
      protect: [aws_db_instance, "terraform_data.bucket"]

  components:
    networking:
      source: salt://components/networking
      variables: {vpc_cidr: 10.0.0.0/16}
    storage:
      source: salt://components/storage
      variables:
        buckets: {models: {}, backups: {keep_days: 365}}
      # Its buckets may take long to empty.
      timeouts: {apply: 4h}
    dns:
      source: salt://components/dns
      variables: {domain: example.org}
      from_outputs: {vpc_id: networking.vpc_id}
      # Records come and go; but a plan that takes more than three is a mistake.
      policy: {allow_destroy: true, max_destroys: 3}
      # Without it the others go on; only what depends on it is skipped.
      on_failure: continue

  environments:
    production: {}
    staging:
      settings:
        # A list replaces a list: nothing is protected here.
        policy: {allow_destroy: true, protect: []}
