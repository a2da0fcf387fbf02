terraform {
  required_providers {
    cloudflare = { source = "cloudflare/cloudflare", version = "~> 4.0" }
  }
}

variable "zone_id" { type = string }
variable "domain" { type = string }
variable "addresses" { type = map(string) }

locals {
  services = ["grafana", "jenkins"]
  # Each service has a record for each server.
  records = {
    for pair in setproduct(local.services, keys(var.addresses)) :
    "${pair[0]}-${pair[1]}" => { service = pair[0], address = var.addresses[pair[1]] }
  }
}

resource "cloudflare_record" "service" {
  for_each = local.records

  zone_id = var.zone_id
  name    = "${each.value.service}.${var.domain}"
  type    = "A"
  content = each.value.address
  ttl     = 300
}

output "names" {
  value = [for service in local.services : "${service}.${var.domain}"]
}
