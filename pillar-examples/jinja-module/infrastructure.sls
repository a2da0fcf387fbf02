# A module that Salt renders before Terraform reads it: *.tf, *.tf.json and *.tfvars.
# The template reads `edge` below. Eos validates the rendered module.
edge:
  regions: {eu-west: 2, us-east: 1}

infrastructure:
  components:
    edge:
      source: salt://components/edge
      template: jinja
      variables:
        machine_type: small

  environments:
    production: {}
    staging: {}
