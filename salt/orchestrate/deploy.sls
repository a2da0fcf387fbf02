# Honest under test=True, where salt.runner would not even call its runner.
{% set environment = salt['pillar.get']('environment', 'production') %}

{{ environment }} is up:
  eos_terraform.orchestrate:
    - environment: {{ environment }}
