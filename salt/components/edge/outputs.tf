output "machine_ids" {
  description = "Every machine, by its region."
  value = {
    {%- for region in salt['pillar.get']('edge:regions', {}) | sort %}
    "{{ region }}" = terraform_data.{{ region }}[*].id
    {%- endfor %}
  }
}
