variable "environment" {
  description = "The environment's name."
  type        = string
}

variable "component" {
  description = "The component's name."
  type        = string
}

variable "managed_by" {
  description = "Who manages these resources."
  type        = string
}

variable "names" {
  description = "The names of the machines. The provider knows each as ENVIRONMENT-NAME."
  type        = list(string)

  validation {
    condition     = length(distinct(var.names)) == length(var.names)
    error_message = "Each name may be there only once."
  }

  validation {
    condition     = alltrue([for name in var.names : can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", name))])
    error_message = "A name has lower-case letters, digits and -, at most 32, and begins with a letter."
  }
}

variable "size" {
  description = "The size of each machine, as the provider calls it."
  type        = string
}

variable "image" {
  description = "The image of each machine. Another image replaces the machines."
  type        = string
}

variable "region" {
  description = "Where the machines are. Another region replaces the machines and their volumes."
  type        = string
}

variable "networks" {
  description = "The ids of the networks or subnets that each machine is in."
  type        = list(string)
  default     = []
}

variable "keys" {
  description = "SSH keys: a name, and the text of the public key. Only new machines get them."
  type        = map(string)
  default     = {}
}

variable "user_data" {
  description = "What cloud-init does at the first start. Another text replaces the machines."
  type        = string
  default     = null
  sensitive   = true
}

variable "volumes" {
  description = "Volumes that each machine gets: a name, and the size in gigabytes."
  type        = map(number)
  default     = {}
}
