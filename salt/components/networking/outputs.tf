output "vpc_id" {
  description = "The network."
  value       = terraform_data.vpc.id
}

output "subnet_id" {
  description = "The first zone's subnet."
  value       = terraform_data.subnet[var.zones[0]].id
}

output "subnet_ids" {
  description = "Every subnet, by its zone."
  value       = { for zone, subnet in terraform_data.subnet : zone => subnet.id }
}
