terraform {
  required_providers {
    vault = { source = "hashicorp/vault", version = "~> 4.0" }
  }
}

variable "environment" { type = string }
variable "path" { type = string }

resource "vault_mount" "services" {
  path    = "${var.path}-${var.environment}"
  type    = "kv"
  options = { version = "2" }
}

resource "vault_policy" "read" {
  name   = "${var.path}-${var.environment}-read"
  policy = <<-EOT
    path "${vault_mount.services.path}/data/*" { capabilities = ["read"] }
  EOT
}

output "mount" { value = vault_mount.services.path }
