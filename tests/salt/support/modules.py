"""Terraform modules for tests. They use only the built-in provider."""

# A module that stores one value in the state and outputs it.
ECHO = {
    "main.tf": """
variable "value" {
  type    = any
  default = null
}
resource "terraform_data" "this" {
  input = var.value
}
output "value" {
  value = terraform_data.this.output
}
"""
}

NETWORK = {
    "main.tf": """
variable "cidr" {
  type    = string
  default = "10.0.0.0/16"
}
resource "terraform_data" "vpc" {
  input = { cidr = var.cidr }
}
resource "terraform_data" "subnet" {
  for_each = { a = 1, b = 2 }
  input    = cidrsubnet(var.cidr, 8, each.value)
}
output "vpc_id" {
  value = "vpc-${substr(sha256(var.cidr), 0, 8)}"
}
output "subnet_id" {
  value = "subnet-${substr(sha256(var.cidr), 0, 8)}"
}
output "cidr" {
  value = terraform_data.vpc.output.cidr
}
"""
}

SERVER = {
    "main.tf": """
variable "subnet_id" {
  type = string
}
resource "terraform_data" "server" {
  input = var.subnet_id
}
output "endpoint" {
  value = "https://${terraform_data.server.output}"
}
"""
}


def waits(seconds, *, mark="started"):
    """A module whose apply writes a mark when it begins, and then waits."""
    return {
        "main.tf": f"""
variable "value" {{
  type    = string
  default = "1"
}}
variable "mark" {{
  type = string
}}
resource "terraform_data" "before" {{
  input = var.value
}}
resource "terraform_data" "slow" {{
  depends_on       = [terraform_data.before]
  triggers_replace = var.value
  provisioner "local-exec" {{
    command = "echo {mark} >> '${{var.mark}}'; sleep {seconds}"
  }}
}}
resource "terraform_data" "after" {{
  depends_on = [terraform_data.slow]
  input      = var.value
}}
output "value" {{
  value = var.value
}}
"""
    }


FAILS = {
    "main.tf": """
resource "terraform_data" "good" {
  input = "kept"
}
resource "terraform_data" "bad" {
  depends_on = [terraform_data.good]
  provisioner "local-exec" {
    command = "echo the disk of the server is on fire >&2; exit 3"
  }
}
output "value" {
  value = terraform_data.bad.id
}
"""
}
