# Makes a backup of the component's endpoint each night.
backup_schedule:
  cron.present:
    - name: /usr/local/bin/back-up {{ pillar["endpoint"] }}
    - identifier: eos-backup
    - hour: 3
    - minute: 17
