variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "bucket" {
  description = "The bucket that the backups go to."
  type        = string
}

variable "access_key" {
  description = "Opens the bucket."
  type        = string
  sensitive   = true
}

variable "schedule" {
  description = "When they are made, as cron writes it."
  type        = string
  default     = "0 3 * * *"
}

variable "retention_days" {
  description = "How long they are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.retention_days >= 1
    error_message = "Backups are kept for one day at least."
  }
}
