variable "name" {
  type = string
}

variable "log_retention_days" {
  type = number
}
