# Workdirs and local states may hold secrets: nobody else may look.
{{ salt['pillar.get']('infrastructure:settings:root', '/srv/terraform') }}:
  file.directory:
    - mode: '0700'
    - makedirs: True
