# Puts drift right once a person has approved just this drift. In the master's configuration:
#   reactor:
#     - 'eos/*/*/drift/approved': [salt://reactor/drift_remediate.sls]
# Who may fire events on the master may approve; a minion may not. Where the world has moved since, nothing is
# applied: drift_moved.
{% set parts = tag.split('/') %}
{% if data['drift_id'] is defined and data['cmd'] is not defined %}
put drift right:
  runner.infrastructure.remediate:
    - args:
      - environment: {{ parts[1] | json }}
      - component: {{ parts[2] | json }}
      - drift_id: {{ data['drift_id'] | json }}
{% endif %}
