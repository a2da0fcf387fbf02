terraform {
  required_version = ">= 1.5"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

provider "azurerm" {
  features {}
}

locals {
  tags = {
    environment = var.environment
    component   = var.component
    managed_by  = var.managed_by
  }
  # publisher:offer:sku:version
  image = split(":", var.image)
  volumes = merge([for machine in var.names : {
    for index, name in sort(keys(var.volumes)) :
    "${machine}-${name}" => { machine = machine, size = var.volumes[name], number = index }
  }]...)
  # By a number, because an id may be known only after an apply.
  links = merge([for machine in var.names : {
    for index, network in var.networks :
    "${machine}-${index}" => { machine = machine, network = network, index = index }
  }]...)
}

resource "azurerm_resource_group" "machines" {
  name     = "${var.environment}-${var.component}"
  location = var.region
  tags     = local.tags
}

resource "azurerm_public_ip" "machine" {
  for_each = toset(var.names)

  name                = "${var.environment}-${each.key}"
  resource_group_name = azurerm_resource_group.machines.name
  location            = azurerm_resource_group.machines.location
  allocation_method   = "Static"
  sku                 = "Standard"
  tags                = local.tags
}

resource "azurerm_network_interface" "machine" {
  for_each = local.links

  name                = "${var.environment}-${each.key}"
  resource_group_name = azurerm_resource_group.machines.name
  location            = azurerm_resource_group.machines.location
  tags                = local.tags

  ip_configuration {
    name                          = "network"
    subnet_id                     = each.value.network
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = each.value.index == 0 ? azurerm_public_ip.machine[each.value.machine].id : null
  }
}

resource "azurerm_linux_virtual_machine" "machine" {
  for_each = toset(var.names)

  name                            = "${var.environment}-${each.key}"
  resource_group_name             = azurerm_resource_group.machines.name
  location                        = azurerm_resource_group.machines.location
  size                            = var.size
  admin_username                  = "azureuser"
  disable_password_authentication = true
  custom_data                     = var.user_data == null ? null : base64encode(var.user_data)
  network_interface_ids = [
    for index, network in var.networks : azurerm_network_interface.machine["${each.key}-${index}"].id
  ]
  tags = local.tags

  dynamic "admin_ssh_key" {
    for_each = var.keys

    content {
      username   = "azureuser"
      public_key = admin_ssh_key.value
    }
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
  }

  source_image_reference {
    publisher = local.image[0]
    offer     = local.image[1]
    sku       = local.image[2]
    version   = local.image[3]
  }

  lifecycle {
    # Azure uses the keys only when it makes a machine, and the provider would replace the machine.
    ignore_changes = [admin_ssh_key]

    precondition {
      condition     = length(local.image) == 4
      error_message = "An image at Azure is PUBLISHER:OFFER:SKU:VERSION."
    }

    precondition {
      condition     = length(var.networks) > 0
      error_message = "A machine at Azure needs a subnet: name one in networks."
    }

    precondition {
      condition     = length(var.keys) > 0 && alltrue([for key in values(var.keys) : key != null])
      error_message = "A machine at Azure needs the text of a key: it has no password."
    }
  }
}

resource "azurerm_managed_disk" "machine" {
  for_each = local.volumes

  name                 = "${var.environment}-${each.key}"
  resource_group_name  = azurerm_resource_group.machines.name
  location             = azurerm_resource_group.machines.location
  storage_account_type = "Premium_LRS"
  create_option        = "Empty"
  disk_size_gb         = each.value.size
  tags                 = local.tags
}

resource "azurerm_virtual_machine_data_disk_attachment" "machine" {
  for_each = local.volumes

  managed_disk_id    = azurerm_managed_disk.machine[each.key].id
  virtual_machine_id = azurerm_linux_virtual_machine.machine[each.value.machine].id
  lun                = each.value.number
  caching            = "None"
}
