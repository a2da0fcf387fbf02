terraform {
  required_providers {
    hcloud = { source = "hetznercloud/hcloud", version = "~> 1.0" }
  }
}

variable "environment" { type = string }
variable "network_id" { type = string }
variable "server_type" { type = string }
variable "location" { type = string }
variable "servers" { type = list(string) }

variable "image" {
  type    = string
  default = "debian-12"
}

resource "hcloud_server" "nomad_cluster" {
  for_each = toset(var.servers)

  name        = "${var.environment}-${each.key}"
  server_type = var.server_type
  image       = var.image
  location    = var.location
  labels      = { environment = var.environment, role = "nomad" }

  network {
    network_id = var.network_id
  }
}

output "addresses" {
  value = { for name, server in hcloud_server.nomad_cluster : name => server.ipv4_address }
}

output "first_address" {
  value = hcloud_server.nomad_cluster[var.servers[0]].ipv4_address
}
