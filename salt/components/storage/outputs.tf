output "bucket_names" {
  description = "Every bucket, by its short name."
  value       = { for name, bucket in terraform_data.bucket : name => bucket.output.name }
}

output "access_key" {
  description = "Opens the buckets."
  value       = sha256("${terraform_data.key.id}-access")
  sensitive   = true
}
