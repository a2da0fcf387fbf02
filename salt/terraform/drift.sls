# A check every five minutes, on the minion whose pillar has the infrastructure.
terraform drift is looked for:
  schedule.present:
    - name: terraform.sync_states
    - function: terraform.sync_states
    - job_kwargs:
        environment: production
    - seconds: 300
    - maxrunning: 1
