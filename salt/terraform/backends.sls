# Workdirs and local states may hold secrets: nobody else may look.
{{ salt['pillar.get']('infrastructure:settings:root', '/srv/terraform') | json }}:
  file.directory:
    - mode: '0700'
    - makedirs: True
