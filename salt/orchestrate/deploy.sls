# Brings an environment up: salt-run state.orchestrate orchestrate.deploy pillar='{environment: staging}'
# Honest under test=True, where salt.runner would not even call its runner.
# Without a name the state itself finds the environment, or refuses: docs/reference/runner.md, "Which environment".
{% set environment = salt['pillar.get']('environment', none) %}

{{ ((environment or 'the environment') ~ ' is up') | json }}:
  eos_terraform.orchestrate:
    - environment: {{ environment | json }}
