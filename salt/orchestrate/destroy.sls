# Takes an environment down: pillar='{environment: staging, confirm: staging}'
{% set environment = salt['pillar.get']('environment', 'production') %}

{{ environment }} is gone:
  eos_terraform.destroy:
    - environment: {{ environment }}
    - confirm: {{ salt['pillar.get']('confirm', none) | json }}
