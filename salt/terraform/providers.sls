# One plugin cache for all components. To use it, name the second file in
# infrastructure:settings:terraform:cli_config_file. Eos then runs only one init at a time, because the cache is not
# safe for two.
{% set root = salt['pillar.get']('infrastructure:settings:root', '/srv/terraform') %}

{{ (root ~ '/.plugin-cache') | json }}:
  file.directory:
    - mode: '0700'
    - makedirs: True

{{ (root ~ '/.terraformrc') | json }}:
  file.managed:
    - mode: '0600'
    - makedirs: True
    - contents: {{ ('plugin_cache_dir = ' ~ ((root ~ '/.plugin-cache') | json)) | json }}
