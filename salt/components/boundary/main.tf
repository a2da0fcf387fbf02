terraform {
  required_version = ">= 1.5"
}

resource "terraform_data" "controller" {
  count = var.controllers

  input = {
    name   = "${var.environment}-boundary-${count.index}"
    subnet = var.subnet_id
    size   = var.instance_type
    owner  = var.managed_by
  }
}

resource "terraform_data" "worker" {
  count = var.workers

  input = {
    name        = "${var.environment}-worker-${count.index}"
    subnet      = var.subnet_id
    controllers = terraform_data.controller[*].id
  }
}
