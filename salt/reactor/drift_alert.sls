# Notifies people of drift. In the master's configuration:
#   reactor:
#     - 'eos/*/*/drift': [salt://reactor/drift_alert.sls]
#     - 'eos/*/drift/failed': [salt://reactor/drift_alert.sls]
# The event is fired once for each drift. Replace this second event with your own way to send messages.
{# The data of a minion's event are in the key `data`. #}
{% set drift = data['data'] if data['data'] is mapping else data %}
{% set where = [drift['environment'], drift['component'] | default('')] | select | join('/') %}
tell of drift:
  runner.event.send:
    - args:
      - tag: {{ ('alert/' ~ where) | json }}
{% if tag.endswith('/failed') %}
      - data:
          text: {{ ('drift of ' ~ where ~ ' cannot be checked: ' ~ drift['reason']) | json }}
{% else %}
{% set what = drift['changes'] | map(attribute='address') | join(', ') %}
{% set open = drift['changes'] | selectattr('opens_to_everybody', 'defined') | selectattr('opens_to_everybody') | list %}
      - data:
          text: {{ (('OPEN TO EVERYBODY: ' if open else '') ~ where ~ ' is ' ~ drift['status'] ~ ': ' ~ what) | json }}
          approve: {{ ('salt-run infrastructure.remediate ' ~ [drift['environment'], drift['component'], drift['drift_id']] | join(' ')) | json }}
{% endif %}
