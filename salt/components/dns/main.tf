terraform {
  required_version = ">= 1.5"
}

resource "terraform_data" "zone" {
  input = {
    name    = var.domain
    network = var.vpc_id
    owner   = var.managed_by
  }
}

resource "terraform_data" "record" {
  for_each = var.records

  input = {
    zone  = terraform_data.zone.id
    name  = "${each.key}.${var.domain}"
    value = each.value
    ttl   = var.ttl
  }
}
