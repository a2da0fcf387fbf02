# Makes Prometheus watch the job that the hook names.
{%- set watched = pillar["watched"] %}
alert_rules:
  file.serialize:
    - name: /etc/prometheus/rules/{{ watched }}.yml
    - serializer: yaml
    - dataset:
        groups:
          - name: {{ watched }}
            rules:
              - alert: {{ watched }}_down
                expr: up{job="{{ watched }}"} == 0
                for: 5m
  service.running:
    - name: prometheus
    - reload: True
    - watch:
      - file: alert_rules
