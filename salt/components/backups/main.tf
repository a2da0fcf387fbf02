terraform {
  required_version = ">= 1.5"
}

resource "terraform_data" "vault" {
  input = {
    name   = "${var.environment}-backups"
    bucket = var.bucket
    owner  = var.managed_by
  }
}

resource "terraform_data" "access" {
  input = {
    vault = terraform_data.vault.id
    key   = var.access_key
  }
}

resource "terraform_data" "schedule" {
  input = {
    vault          = terraform_data.vault.id
    cron           = var.schedule
    retention_days = var.retention_days
  }
}
