# Brings an environment up: salt-run state.orchestrate orchestrate pillar='{environment: staging}'
include:
  - orchestrate.deploy
