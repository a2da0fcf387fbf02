# What a plan may do without an approval, and what a failure means for other components.
infrastructure:
  settings:
    parallelism: 8
    # After a failure, no other component is started. This is the default.
    on_failure: stop
    timeouts: {plan: 10m, apply: 1h}
    policy:
      # The default: a plan that deletes or replaces anything is blocked, and its dependents are skipped.
      allow_destroy: false
      # Resources that are never deleted or replaced, with any call: a type, an address, or everything in a module.
      protect: [aws_db_instance, "terraform_data.bucket"]

  components:
    networking:
      source: salt://components/networking
      variables: {vpc_cidr: 10.0.0.0/16}
    storage:
      source: salt://components/storage
      variables:
        buckets: {models: {}, backups: {keep_days: 365}}
      # Emptying the buckets may take long.
      timeouts: {apply: 4h}
    dns:
      source: salt://components/dns
      variables: {domain: example.org}
      from_outputs: {vpc_id: networking.vpc_id}
      # Records may be deleted, but a plan that deletes more than three is a mistake.
      policy: {allow_destroy: true, max_destroys: 3}
      # If dns fails, the other components continue. Only its dependents are skipped.
      on_failure: continue

  environments:
    production: {}
    staging:
      settings:
        # This list replaces the list above, so nothing is protected here.
        policy: {allow_destroy: true, protect: []}
