# Tells a chat how runs end. In the master's configuration:
#   reactor:
#     - 'eos/*/run/finished': [salt://reactor/run_chat.sls]
#     - 'eos/*/run/failed': [salt://reactor/run_chat.sls]
#   eos_notify:
#     chat: {url: sdb://vault/secret/chat/url}
{# The data of a minion's event are in the key `data`. #}
{% set run = data['data'] if data['data'] is mapping else data %}
{# A component named `run` has events with the same tags. They name no operation. #}
{% if run['operation'] is defined %}
tell the chat:
  runner.eos_notify.chat:
    - args:
      - text: {{ run['message'] | json }}
{% endif %}
