output "ids" {
  description = "The id of each machine, by its name."
  value       = { for name, machine in aws_instance.machine : name => machine.id }
}

output "public_addresses" {
  description = "The public IPv4 address of each machine, by its name. Null where it has none."
  value       = { for name, machine in aws_instance.machine : name => machine.public_ip == "" ? null : machine.public_ip }
}

output "private_addresses" {
  description = "The address of each machine in the first network, by its name. Null without a network."
  value       = { for name, machine in aws_instance.machine : name => machine.private_ip }
}

output "volume_ids" {
  description = "The id of each volume, by MACHINE-VOLUME."
  value       = { for name, volume in aws_ebs_volume.machine : name => volume.id }
}
