variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "subnet_ids" {
  description = "The subnets it stands in, by zone."
  type        = map(string)
}

variable "zone_id" {
  description = "The zone that its name stands in."
  type        = string
}

variable "domain" {
  description = "The zone's name."
  type        = string
}

variable "ports" {
  description = "The ports it listens on."
  type        = list(number)
  default     = [80, 443]

  validation {
    condition     = alltrue([for port in var.ports : port >= 1 && port <= 65535]) && length(distinct(var.ports)) == length(var.ports)
    error_message = "A port is a number from 1 to 65535, and each stands only once."
  }
}

variable "size" {
  description = "How large it is."
  type        = string
  default     = "small"

  validation {
    condition     = contains(["small", "medium", "large"], var.size)
    error_message = "The size is small, medium or large."
  }
}
