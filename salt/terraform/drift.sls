# Checks for drift every hour, on the minion whose pillar has the infrastructure. The environment is required:
#   state.apply terraform.drift pillar='{environment: staging}'
{% set found = salt['eos_terraform.which_environment']() %}

terraform drift is looked for:
{% if not found['result'] %}
  test.fail_without_changes:
    - name: {{ found['error']['message'] | json }}
{% elif not salt['pillar.get']('environment') %}
  test.fail_without_changes:
    - name: "name the environment: state.apply terraform.drift pillar='{environment: NAME}'"
{% else %}
  schedule.present:
    - name: terraform.sync_states
    - function: terraform.sync_states
    - job_kwargs:
        environment: {{ found['environment'] | json }}
    - seconds: 3600
    - splay: 600
    - maxrunning: 1
{% endif %}
