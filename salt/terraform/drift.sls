# Checks for drift every five minutes, on the minion whose pillar has the infrastructure.
# To name the environment: state.apply terraform.drift pillar='{environment: staging}'
{% set found = salt['eos_terraform.which_environment']() %}

terraform drift is looked for:
{% if found['result'] %}
  schedule.present:
    - name: terraform.sync_states
    - function: terraform.sync_states
    - job_kwargs:
        environment: {{ found['environment'] | json }}
    - seconds: 300
    - maxrunning: 1
{% else %}
  test.fail_without_changes:
    - name: {{ found['error']['message'] | json }}
{% endif %}
