variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "name" {
  description = "The name of the address. Hetzner knows it as ENVIRONMENT-NAME."
  type        = string
}

variable "region" {
  description = "Where the address is at home. Another region makes another address."
  type        = string
}

variable "machine" {
  description = "The id of the machine that has the address."
  type        = string
}
