# Notifies people of drift. In the master's configuration:
#   reactor:
#     - 'eos/*/*/drift': [salt://reactor/drift_alert.sls]
# The event is fired once for each drift. Replace this second event with your own way to send messages.
{# The data of a minion's event are in the key `data`. #}
{% set drift = data['data'] if data['data'] is mapping else data %}
{% set what = drift['changes'] | map(attribute='address') | join(', ') %}
{% set where = drift['environment'] ~ '/' ~ drift['component'] %}
{% set id = {'drift_id': drift['drift_id']} | json %}
tell of drift:
  runner.event.send:
    - args:
      - tag: {{ ('alert/' ~ where) | json }}
      - data:
          text: {{ (where ~ ' is ' ~ drift['status'] ~ ': ' ~ what) | json }}
          approve: {{ ("salt-run event.send eos/" ~ where ~ "/drift/approved '" ~ id ~ "'") | json }}
