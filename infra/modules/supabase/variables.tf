variable "name" {
  type = string
}

variable "organization_id" {
  type = string
}

variable "region" {
  type = string
}

variable "instance_size" {
  type    = string
  default = null
}

variable "password" {
  type      = string
  sensitive = true
}

variable "allowed_cidrs" {
  type = set(string)
}
