output "load_balancer_id" {
  description = "The load balancer."
  value       = terraform_data.load_balancer.id
}

output "endpoint" {
  description = "Where it is reached."
  value       = "https://${terraform_data.name.output.name}"
}
