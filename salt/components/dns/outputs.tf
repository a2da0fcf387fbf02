output "zone_id" {
  description = "The zone."
  value       = terraform_data.zone.id
}

output "domain" {
  description = "The zone's name."
  value       = var.domain
}
