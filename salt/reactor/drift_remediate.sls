# Corrects drift after a person has approved exactly this drift. In the master's configuration:
#   reactor:
#     - 'eos/*/*/drift/approved': [salt://reactor/drift_remediate.sls]
# A user who may fire events on the master may approve; a minion may not. If the resources have changed since then,
# nothing is applied, and the code is drift_moved.
{% set parts = tag.split('/') %}
{% if data['drift_id'] is defined and data['cmd'] is not defined %}
put drift right:
  runner.infrastructure.remediate:
    - args:
      - environment: {{ parts[1] | json }}
      - component: {{ parts[2] | json }}
      - drift_id: {{ data['drift_id'] | json }}
{% endif %}
