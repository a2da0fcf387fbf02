output "endpoint" {
  description = "Where it is reached."
  value       = "https://${terraform_data.machine.output.name}.internal"
}

output "models" {
  description = "What it serves."
  value       = sort(keys(var.models))
}
