terraform {
  required_providers {
    hcloud = { source = "hetznercloud/hcloud", version = "~> 1.0" }
  }
}

variable "environment" { type = string }
variable "ip_range" { type = string }

resource "hcloud_network" "this" {
  name     = var.environment
  ip_range = var.ip_range
}

resource "hcloud_network_subnet" "nodes" {
  network_id   = hcloud_network.this.id
  type         = "cloud"
  network_zone = "eu-central"
  ip_range     = cidrsubnet(var.ip_range, 8, 1)
}

# From the subnet, so that no server is created before it.
output "network_id" { value = hcloud_network_subnet.nodes.network_id }
