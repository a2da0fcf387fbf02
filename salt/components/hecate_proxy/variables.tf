variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "load_balancer_id" {
  description = "The load balancer that sends to it."
  type        = string
}

variable "domain" {
  description = "The zone that its upstreams have names in."
  type        = string
}

variable "boundary_address" {
  description = "Where Boundary is reached."
  type        = string
}

variable "upstreams" {
  description = "Further upstreams, by name."
  type        = map(string)
  default     = {}
}
