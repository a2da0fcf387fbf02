terraform {
  required_version = ">= 1.5"

  required_providers {
    hcloud = {
      source  = "hetznercloud/hcloud"
      version = "~> 1.68"
    }
  }
}

resource "hcloud_floating_ip" "address" {
  name          = "${var.environment}-${var.name}"
  type          = "ipv4"
  home_location = var.region

  labels = {
    environment = var.environment
    managed_by  = var.managed_by
  }
}

# A resource of its own: Hetzner moves the address with one call, and it is never without a machine.
resource "hcloud_floating_ip_assignment" "address" {
  floating_ip_id = tonumber(hcloud_floating_ip.address.id)
  server_id      = tonumber(var.machine)
}
