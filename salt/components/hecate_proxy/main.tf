terraform {
  required_version = ">= 1.5"
}

resource "terraform_data" "proxy" {
  input = {
    name          = "${var.environment}-hecate"
    load_balancer = var.load_balancer_id
    domain        = var.domain
    owner         = var.managed_by
  }
}

resource "terraform_data" "upstream" {
  for_each = merge(var.upstreams, { boundary = var.boundary_address })

  input = {
    proxy  = terraform_data.proxy.id
    name   = "${each.key}.${var.domain}"
    target = each.value
  }
}
