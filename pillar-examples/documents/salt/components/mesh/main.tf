terraform {
  required_providers {
    consul = { source = "hashicorp/consul", version = "~> 2.0" }
  }
}

variable "protocol" { type = string }

# What every proxy of the mesh begins with.
resource "consul_config_entry" "proxy_defaults" {
  kind        = "proxy-defaults"
  name        = "global"
  config_json = jsonencode({ Config = { protocol = var.protocol } })
}
