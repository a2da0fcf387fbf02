infrastructure:
  environments:
    staging:
      components:
        nomad_cluster:
          variables: {server_type: cx22, location: fsn1, servers: [nomad-1]}
        dns:
          variables: {zone_id: 0123456789abcdef0123456789abcdef, domain: staging.example.org}
      services:
        # The next version is tried here first.
        grafana: {image: "grafana/grafana:12.1.0"}
