variable "name" {
  type = string
}

variable "org_id" {
  type = string
}

variable "region" {
  type = string
}

variable "allowed_cidrs" {
  type = set(string)
}

variable "password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "password_version" {
  type = number
}
