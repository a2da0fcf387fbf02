variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "machine_type" {
  description = "The size of the machines."
  type        = string
  default     = "small"
}
