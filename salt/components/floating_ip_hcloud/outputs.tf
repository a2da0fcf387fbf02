output "id" {
  description = "The id of the address."
  value       = hcloud_floating_ip.address.id
}

output "address" {
  description = "The address."
  value       = hcloud_floating_ip.address.ip_address
}
