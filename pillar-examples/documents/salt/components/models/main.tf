terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm", version = "~> 4.0" }
  }
}

variable "environment" { type = string }
variable "location" { type = string }

provider "azurerm" {
  features {}
}

resource "azurerm_resource_group" "llm" {
  name     = "${var.environment}-llm"
  location = var.location
}

resource "azurerm_storage_account" "models" {
  # Azure accepts only letters and digits here, and one account of this name in the world.
  name                     = "${var.environment}models${substr(sha1(azurerm_resource_group.llm.id), 0, 6)}"
  resource_group_name      = azurerm_resource_group.llm.name
  location                 = azurerm_resource_group.llm.location
  account_tier             = "Standard"
  account_replication_type = "LRS"
  min_tls_version          = "TLS1_2"
}

resource "azurerm_storage_container" "models" {
  name               = "models"
  storage_account_id = azurerm_storage_account.models.id
}

output "url" { value = azurerm_storage_account.models.primary_blob_endpoint }
