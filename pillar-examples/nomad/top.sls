base:
  '*':
    - infrastructure
