# Prepares a host for Terraform: its folders, and a check that the program is there.
include:
  - terraform.backends
  - terraform.providers

terraform is installed:
  cmd.run:
    - name: {{ salt['pillar.get']('infrastructure:settings:terraform:binary', 'terraform') }} version
    - stateful: False
    - env:
      - CHECKPOINT_DISABLE: '1'
      - TF_CLI_CONFIG_FILE: /dev/null
