# Salt states on minions between modules, and hooks that publish data after an apply.
infrastructure:
  components:
    networking:
      source: salt://components/networking
      variables: {vpc_cidr: 10.0.0.0/16}
    boundary:
      source: salt://components/boundary
      from_outputs:
        vpc_id: networking.vpc_id
        subnet_id: networking.subnet_ids.a
      variables: {load_balancer_endpoint: "https://edge.example.org"}
      hooks:
        - consul_kv: {}
        # The monitoring hosts get new alert rules. If that fails, it is a warning.
        - salt: {target: "monitor*", sls: steps.alert_rules, pillar: {watched: boundary}}
    # Every new machine sends its logs before the next components start.
    ship_logs:
      salt:
        target: "boundary*"
        sls: steps.log_shipping
        pillar: {collector: "logs.example.org:5140"}
        batch: 25%
      depends_on: [boundary]
    back_up:
      salt: {target: "role:backup", target_type: grain, sls: steps.backup_schedule}
      from_outputs: {endpoint: boundary.controller_endpoint}
      on_failure: continue

  environments:
    production: {}
    staging:
      components:
        back_up: {enabled: false}
