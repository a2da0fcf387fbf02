# Workdirs and local states may contain secrets, so other users must not read them.
{{ salt['pillar.get']('infrastructure:settings:root', '/srv/terraform') | json }}:
  file.directory:
    - mode: '0700'
    - makedirs: True
