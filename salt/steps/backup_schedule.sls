# A backup each night, of what the component's output names.
backup_schedule:
  cron.present:
    - name: /usr/local/bin/back-up {{ pillar["endpoint"] }}
    - identifier: eos-backup
    - hour: 3
    - minute: 17
