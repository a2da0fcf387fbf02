terraform {
  required_version = ">= 1.5"

  required_providers {
    hcloud = {
      source  = "hetznercloud/hcloud"
      version = "~> 1.68"
    }
  }
}

locals {
  labels = {
    environment = var.environment
    component   = var.component
    managed_by  = var.managed_by
  }
  # A key without a text is in the project already.
  new_keys = { for name, key in var.keys : name => key if key != null }
  volumes = merge([for machine in var.names : {
    for name, size in var.volumes : "${machine}-${name}" => { machine = machine, size = size }
  }]...)
  # By a number, because an id may be known only after an apply.
  links = merge([for machine in var.names : {
    for index, network in var.networks : "${machine}-${index}" => { machine = machine, network = network }
  }]...)
}

resource "hcloud_ssh_key" "machine" {
  for_each = local.new_keys

  name       = "${var.environment}-${each.key}"
  public_key = each.value
  labels     = local.labels
}

resource "hcloud_server" "machine" {
  for_each = toset(var.names)

  name        = "${var.environment}-${each.key}"
  server_type = var.size
  image       = var.image
  location    = var.region
  user_data   = var.user_data
  ssh_keys    = [for name, key in var.keys : key == null ? name : hcloud_ssh_key.machine[name].id]
  labels      = local.labels

  lifecycle {
    # Hetzner uses the keys only when it makes a machine, and the provider would replace the machine.
    ignore_changes = [ssh_keys]
  }
}

resource "hcloud_server_network" "machine" {
  for_each = local.links

  server_id  = tonumber(hcloud_server.machine[each.value.machine].id)
  network_id = tonumber(each.value.network)
}

resource "hcloud_volume" "machine" {
  for_each = local.volumes

  name     = "${var.environment}-${each.key}"
  size     = each.value.size
  location = var.region
  format   = "ext4"
  labels   = local.labels
}

resource "hcloud_volume_attachment" "machine" {
  for_each = local.volumes

  server_id = tonumber(hcloud_server.machine[each.value.machine].id)
  volume_id = tonumber(hcloud_volume.machine[each.key].id)
  automount = true
}
