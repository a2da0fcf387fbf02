output "ids" {
  description = "The id of each machine, by its name."
  value       = { for name, machine in azurerm_linux_virtual_machine.machine : name => machine.id }
}

output "public_addresses" {
  description = "The public IPv4 address of each machine, by its name. Null where it has none."
  value       = { for name, address in azurerm_public_ip.machine : name => address.ip_address }
}

output "private_addresses" {
  description = "The address of each machine in the first network, by its name. Null without a network."
  value       = { for name, machine in azurerm_linux_virtual_machine.machine : name => machine.private_ip_address }
}

output "volume_ids" {
  description = "The id of each volume, by MACHINE-VOLUME."
  value       = { for name, volume in azurerm_managed_disk.machine : name => volume.id }
}
