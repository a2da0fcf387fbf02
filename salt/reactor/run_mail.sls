# Sends a mail about each run that failed. In the master's configuration:
#   reactor:
#     - 'eos/*/run/failed': [salt://reactor/run_mail.sls]
#   eos_notify:
#     mail: {from: eos@example.com, to: [ops@example.com], host: mail.example.com}
{# The data of a minion's event are in the key `data`. #}
{% set run = data['data'] if data['data'] is mapping else data %}
{# A component named `run` has events with the same tags. They name no operation. #}
{% if run['operation'] is defined %}
mail about the run:
  runner.eos_notify.mail:
    - args:
      - subject: {{ (run['environment'] ~ ': ' ~ run['operation'] ~ ' failed') | json }}
      - text: {{ run['message'] | json }}
{% endif %}
