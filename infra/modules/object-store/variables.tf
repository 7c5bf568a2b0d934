variable "name" {
  type = string
}

variable "log_retention_days" {
  type = number
}

variable "source_dir" {
  description = "Folder of the function, packed as it is: Node 24 on Lambda brings the AWS SDK."
  type        = string
  default     = "./lambda/object-store"
}

variable "handler" {
  type    = string
  default = "index.handler"
}
