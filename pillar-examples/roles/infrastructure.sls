# Who may approve. What each role may call is in external_auth.conf, which belongs in /etc/salt/master.d.
infrastructure:
  settings:
    policy:
      allow_destroy: false
    approvals:
      # A user by name, or everybody in a group. Only users whom Salt authenticated count.
      from: [group:approvers]
      # Nobody approves a plan of their own.
      other_than_author: true

  components:
    storage:
      source: salt://components/storage
      variables:
        buckets: {models: {}}

  environments:
    production: {}
    staging:
      settings:
        # In staging, root of the master may approve too, with salt-run.
        approvals: {from: ['group:approvers', 'os:root'], other_than_author: false, local: true}
