# One plugin cache for all components. Name the file in infrastructure:settings:terraform:cli_config_file:
# Eos then lets one init run at a time, since the cache is not safe for two.
{% set root = salt['pillar.get']('infrastructure:settings:root', '/srv/terraform') %}

{{ root }}/.plugin-cache:
  file.directory:
    - mode: '0700'
    - makedirs: True

{{ root }}/.terraformrc:
  file.managed:
    - mode: '0600'
    - contents: |
        plugin_cache_dir = "{{ root }}/.plugin-cache"
