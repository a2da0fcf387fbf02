infrastructure:
  environments:
    production:
      settings:
        policy: {protect: [hcloud_server, aws_s3_bucket]}
      components:
        nomad_cluster:
          variables: {server_type: cx42, location: nbg1, servers: [nomad-1, nomad-2, nomad-3]}
        backups:
          variables: {keep_days: 365}
        dns:
          variables: {zone_id: fedcba9876543210fedcba9876543210, domain: example.org}
