base:
  '*':
    - infrastructure.common
    - infrastructure.staging
    - infrastructure.production
    - credentials.vault
