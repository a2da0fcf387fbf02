variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "vpc_cidr" {
  description = "The network's address range."
  type        = string

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 8, 0))
    error_message = "The vpc_cidr has to be a range that can be split, such as 10.0.0.0/16."
  }
}

variable "zones" {
  description = "The zones that get a subnet each."
  type        = list(string)
  default     = ["a", "b"]

  validation {
    condition     = length(var.zones) > 0 && length(distinct(var.zones)) == length(var.zones)
    error_message = "There has to be one zone at least, and each only once."
  }
}

variable "open_ports" {
  description = "Ports that the firewall lets in."
  type        = list(number)
  default     = [443]

  validation {
    condition     = alltrue([for port in var.open_ports : port >= 1 && port <= 65535])
    error_message = "A port is a number from 1 to 65535."
  }
}
