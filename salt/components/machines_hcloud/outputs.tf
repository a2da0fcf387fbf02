output "ids" {
  description = "The id of each machine, by its name."
  value       = { for name, machine in hcloud_server.machine : name => machine.id }
}

output "public_addresses" {
  description = "The public IPv4 address of each machine, by its name. Null where it has none."
  value       = { for name, machine in hcloud_server.machine : name => machine.ipv4_address }
}

output "private_addresses" {
  description = "The address of each machine in the first network, by its name. Null without a network."
  value       = { for name in var.names : name => try(hcloud_server_network.machine["${name}-0"].ip, null) }
}

output "volume_ids" {
  description = "The id of each volume, by MACHINE-VOLUME."
  value       = { for name, volume in hcloud_volume.machine : name => volume.id }
}
