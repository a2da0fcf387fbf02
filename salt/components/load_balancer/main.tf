terraform {
  required_version = ">= 1.5"
}

resource "terraform_data" "load_balancer" {
  input = {
    name    = "${var.environment}-lb"
    subnets = var.subnet_ids
    size    = var.size
    owner   = var.managed_by
  }
}

resource "terraform_data" "listener" {
  for_each = { for port in var.ports : tostring(port) => port }

  input = {
    load_balancer = terraform_data.load_balancer.id
    port          = each.value
  }
}

resource "terraform_data" "name" {
  input = {
    zone = var.zone_id
    name = "lb.${var.domain}"
  }
}
