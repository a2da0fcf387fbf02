output "controller_endpoint" {
  description = "Where its API is reached."
  value       = "${var.load_balancer_endpoint}/boundary"
}

output "controller_ids" {
  description = "The controllers."
  value       = terraform_data.controller[*].id
}
