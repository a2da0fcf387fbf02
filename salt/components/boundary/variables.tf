variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_id" {
  description = "The subnet that its machines stand in."
  type        = string
}

variable "load_balancer_endpoint" {
  description = "Where its users come in."
  type        = string
}

variable "controllers" {
  description = "How many controllers."
  type        = number
  default     = 1

  validation {
    condition     = var.controllers >= 1
    error_message = "There has to be one controller at least."
  }
}

variable "workers" {
  description = "How many workers."
  type        = number
  default     = 1

  validation {
    condition     = var.workers >= 0
    error_message = "There cannot be fewer workers than none."
  }
}

variable "instance_type" {
  description = "The size of its machines."
  type        = string
  default     = "small"
}
