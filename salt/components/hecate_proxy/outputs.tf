output "proxy_id" {
  description = "The proxy."
  value       = terraform_data.proxy.id
}

output "upstream_names" {
  description = "The names that it serves."
  value       = sort([for upstream in terraform_data.upstream : upstream.output.name])
}
