variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "buckets" {
  description = "The buckets, by name."
  type = map(object({
    versioning = optional(bool, true)
    keep_days  = optional(number, 30)
  }))
}
