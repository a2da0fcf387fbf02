terraform {
  required_version = ">= 1.5"
}

resource "terraform_data" "bucket" {
  for_each = var.buckets

  input = {
    name       = "${var.environment}-${each.key}"
    versioning = each.value.versioning
    keep_days  = each.value.keep_days
    owner      = var.managed_by
  }
}

resource "terraform_data" "key" {
  input = {
    user = "${var.environment}-storage"
  }
}
