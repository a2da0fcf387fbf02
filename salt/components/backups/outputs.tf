output "vault_id" {
  description = "Where the backups are."
  value       = terraform_data.vault.id
}

output "retention_days" {
  description = "How long they are kept."
  value       = terraform_data.schedule.output.retention_days
}
