# Prepares a host for Terraform: state.apply terraform. Installs nothing.
include:
  - terraform.backends
  - terraform.providers

{% set binary = salt['pillar.get']('infrastructure:settings:terraform:binary', 'terraform') %}
{% set found = salt['cmd.which'](binary) %}

terraform is installed:
{% if found %}
  test.succeed_without_changes:
    - comment: {{ found | json }}
{% else %}
  test.fail_without_changes:
    - name: {{ (binary ~ ' is not to be found: install it, or name another in infrastructure:settings:terraform:binary') | json }}
{% endif %}
