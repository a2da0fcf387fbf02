{%- set regions = salt['pillar.get']('edge:regions', {}) -%}
terraform {
  required_version = ">= 1.5"
}
{% for region, machines in regions | dictsort %}
resource "terraform_data" "{{ region }}" {
  count = {{ machines }}

  input = {
    name   = "${var.environment}-{{ region }}-${count.index}"
    region = "{{ region }}"
    size   = var.machine_type
    owner  = var.managed_by
  }
}
{% endfor %}
