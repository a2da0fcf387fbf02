variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "subnet_id" {
  description = "The subnet that the machine stands in."
  type        = string
}

variable "model_bucket" {
  description = "The bucket that holds the models."
  type        = string
}

variable "gpu_size" {
  description = "The size of the machine."
  type        = string
  default     = "NC24ads_A100_v4"
}

variable "models" {
  description = "The models, by name, and their paths in the bucket."
  type        = map(string)
  default     = {}
}

variable "monthly_budget" {
  description = "What it may cost a month, in dollars."
  type        = number
  default     = 1000

  validation {
    condition     = var.monthly_budget > 0
    error_message = "A budget is more than nothing."
  }
}
