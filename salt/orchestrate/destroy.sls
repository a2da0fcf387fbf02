# Destroys an environment: salt-run state.orchestrate orchestrate.destroy pillar='{environment: staging, confirm:
# staging}' There is no default: without both keys nothing is destroyed.
{% set environment = salt['pillar.get']('environment', none) %}

{{ ((environment or 'the environment') ~ ' is gone') | json }}:
  eos_terraform.destroy:
    - environment: {{ environment | json }}
    - confirm: {{ salt['pillar.get']('confirm', none) | json }}
