terraform {
  required_providers {
    consul = { source = "hashicorp/consul", version = "~> 2.0" }
  }
}

variable "environment" { type = string }
variable "bucket" { type = string }
variable "models_url" { type = string }
variable "names" { type = list(string) }

resource "consul_keys" "inventory" {
  key {
    path   = "inventory/${var.environment}/backups"
    value  = var.bucket
    delete = true
  }

  key {
    path   = "inventory/${var.environment}/models"
    value  = var.models_url
    delete = true
  }

  key {
    path   = "inventory/${var.environment}/names"
    value  = join(",", var.names)
    delete = true
  }
}
