# Takes an environment down: salt-run state.orchestrate orchestrate.destroy pillar='{environment: staging, confirm: staging}'
{% set environment = salt['pillar.get']('environment', 'production') %}

{{ (environment ~ ' is gone') | json }}:
  eos_terraform.destroy:
    - environment: {{ environment | json }}
    - confirm: {{ salt['pillar.get']('confirm', none) | json }}
