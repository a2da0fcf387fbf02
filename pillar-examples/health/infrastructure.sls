# Health gates: checks that must hold before a component's turn succeeds and before its dependents start.
infrastructure:
  components:
    networking:
      source: salt://components/networking
      variables: {vpc_cidr: 10.0.0.0/16}
    dns:
      source: salt://components/dns
      variables: {domain: example.org}
      from_outputs: {vpc_id: networking.vpc_id}
    load_balancer:
      source: salt://components/load_balancer
      from_outputs:
        subnet_ids: networking.subnet_ids
        zone_id: dns.zone_id
        domain: dns.domain
      health:
        # The URL is an output of the component, because the address is known only after the apply.
        - http:
            url: {output: endpoint}
            path: /healthz
            # The load balancer answers with 503 before it has any servers.
            status: [2xx, 503]
            tls: {ca_file: /etc/ssl/certs/example-ca.pem}
    boundary:
      source: salt://components/boundary
      from_outputs:
        vpc_id: networking.vpc_id
        subnet_id: networking.subnet_ids.a
        load_balancer_endpoint: load_balancer.endpoint
      health:
        - http:
            url: {output: controller_endpoint}
            path: /v1/health
            headers: {Authorization: "file:/etc/salt/secrets/boundary-health"}
            # A new machine needs time. It must pass for two minutes without a break.
            interval: 10s
            min_healthy_time: 2m
            healthy_deadline: 15m
        # Fixed values are possible too.
        - tcp: {host: boundary.example.org, port: 9201, healthy_deadline: 15m}

  environments:
    production: {}
    staging:
      components:
        # This list replaces the list above, so no gate is measured here.
        boundary: {health: []}
