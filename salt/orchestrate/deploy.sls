# Brings an environment up: salt-run state.orchestrate orchestrate.deploy pillar='{environment: staging}'
# Honest under test=True, where salt.runner would not even call its runner.
{% set environment = salt['pillar.get']('environment', 'production') %}

{{ (environment ~ ' is up') | json }}:
  eos_terraform.orchestrate:
    - environment: {{ environment | json }}
