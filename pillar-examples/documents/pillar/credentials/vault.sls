# How Eos logs in to Vault. The values are in files that only Salt's user can read.
infrastructure:
  settings:
    vault:
      address: https://vault.example.org:8200
      auth:
        method: approle
        role_id: file:/etc/salt/vault/role_id
        secret_id: file:/etc/salt/vault/secret_id
