terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40, < 7"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      environment = var.environment
      component   = var.component
      managed_by  = var.managed_by
    }
  }
}

locals {
  # A key without a text is at AWS already.
  new_keys  = { for name, key in var.keys : name => key if key != null }
  key_names = [for name, key in var.keys : key == null ? name : aws_key_pair.machine[name].key_name]
  volumes = merge([for machine in var.names : {
    for index, name in sort(keys(var.volumes)) :
    "${machine}-${name}" => { machine = machine, size = var.volumes[name], device = "/dev/sd${substr("fghijklmnop", index, 1)}" }
  }]...)
  # The first network is the machine's own. By a number, because an id may be known only after an apply.
  links = merge([for machine in var.names : {
    for index, network in var.networks :
    "${machine}-${index}" => { machine = machine, network = network, index = index } if index > 0
  }]...)
  # Not the zone of a machine: it is unknown when a machine is replaced, and its volumes would be replaced too.
  zone = length(var.networks) > 0 ? one(data.aws_subnet.first[*].availability_zone) : "${var.region}a"
}

data "aws_subnet" "first" {
  count = length(var.networks) > 0 ? 1 : 0

  id = var.networks[0]
}

resource "aws_key_pair" "machine" {
  for_each = local.new_keys

  key_name   = "${var.environment}-${each.key}"
  public_key = each.value
}

resource "aws_instance" "machine" {
  for_each = toset(var.names)

  ami                         = var.image
  instance_type               = var.size
  availability_zone           = local.zone
  subnet_id                   = try(var.networks[0], null)
  key_name                    = try(local.key_names[0], null)
  user_data                   = var.user_data
  user_data_replace_on_change = true

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    encrypted   = true
    volume_type = "gp3"
    volume_size = 32
  }

  tags = {
    Name = "${var.environment}-${each.key}"
  }

  lifecycle {
    # AWS uses the key only when it makes a machine, and the provider would replace the machine.
    ignore_changes = [key_name]

    precondition {
      condition     = length(var.keys) <= 1
      error_message = "A machine at AWS takes one key. Put the others into user_data (ssh_authorized_keys)."
    }

    precondition {
      condition     = length(var.volumes) <= 11
      error_message = "A machine at AWS takes eleven volumes here: they are /dev/sdf to /dev/sdp."
    }
  }
}

resource "aws_network_interface" "machine" {
  for_each = local.links

  subnet_id = each.value.network

  attachment {
    instance     = aws_instance.machine[each.value.machine].id
    device_index = each.value.index
  }

  tags = {
    Name = "${var.environment}-${each.key}"
  }
}

resource "aws_ebs_volume" "machine" {
  for_each = local.volumes

  availability_zone = local.zone
  size              = each.value.size
  type              = "gp3"
  encrypted         = true

  tags = {
    Name = "${var.environment}-${each.key}"
  }
}

resource "aws_volume_attachment" "machine" {
  for_each = local.volumes

  device_name = each.value.device
  instance_id = aws_instance.machine[each.value.machine].id
  volume_id   = aws_ebs_volume.machine[each.key].id
}
