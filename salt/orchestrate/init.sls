# Deploys an environment: salt-run state.orchestrate orchestrate pillar='{environment: staging}'
include:
  - orchestrate.deploy
