variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "vpc_id" {
  description = "The network that resolves this zone."
  type        = string
}

variable "domain" {
  description = "The zone's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+$", var.domain))
    error_message = "The domain holds lower-case letters, digits, dots and dashes."
  }
}

variable "records" {
  description = "Names below the domain, and what they point to."
  type        = map(string)
  default     = {}
}

variable "ttl" {
  description = "How long a record may be cached, in seconds."
  type        = number
  default     = 300

  validation {
    condition     = var.ttl > 0
    error_message = "A record is cached for one second at least."
  }
}
