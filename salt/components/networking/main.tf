terraform {
  required_version = ">= 1.5"
}

locals {
  tags = {
    environment = var.environment
    managed_by  = var.managed_by
  }
  # A map by zone, because a set is slow to plan, and indexes would change when a zone is removed.
  subnets = { for index, zone in var.zones : zone => cidrsubnet(var.vpc_cidr, 8, index) }
}

resource "terraform_data" "vpc" {
  input = {
    name = "${var.environment}-vpc"
    cidr = var.vpc_cidr
    tags = local.tags
  }
}

resource "terraform_data" "subnet" {
  for_each = local.subnets

  input = {
    name = "${var.environment}-${each.key}"
    cidr = each.value
    zone = each.key
    vpc  = terraform_data.vpc.id
  }
}

resource "terraform_data" "firewall" {
  input = {
    vpc     = terraform_data.vpc.id
    ingress = var.open_ports
  }
}
