# Deploys an environment: salt-run state.orchestrate orchestrate.deploy pillar='{environment: staging}'
# It shows the changes under test=True. The state salt.runner would not call its runner then.
# Without a name, the state itself finds the environment or fails: docs/reference/runner.md, "Which environment".
{% set environment = salt['pillar.get']('environment', none) %}

{{ ((environment or 'the environment') ~ ' is up') | json }}:
  eos_terraform.orchestrate:
    - environment: {{ environment | json }}
