# Makes the local rsyslog send everything to the collector that the step names.
log_shipping:
  file.managed:
    - name: /etc/rsyslog.d/60-eos.conf
    - contents: '*.* @@{{ pillar["collector"] }}'
  service.running:
    - name: rsyslog
    - watch:
      - file: log_shipping
