terraform {
  required_version = ">= 1.5"
}

resource "terraform_data" "machine" {
  input = {
    name   = "${var.environment}-llm"
    size   = var.gpu_size
    subnet = var.subnet_id
    owner  = var.managed_by
  }
}

resource "terraform_data" "model" {
  for_each = var.models

  input = {
    machine = terraform_data.machine.id
    name    = each.key
    source  = "${var.model_bucket}/${each.value}"
  }
}

resource "terraform_data" "budget" {
  input = {
    machine         = terraform_data.machine.id
    monthly_dollars = var.monthly_budget
  }
}
