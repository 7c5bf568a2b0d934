variable "name" {
  description = "Name of everything that is made, and its prefix where names must be unique."
  type        = string
  default     = "third-umpire"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,22}$", var.name))
    error_message = "Give 3 to 23 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "allowed_cidrs" {
  description = "Networks that may connect to Atlas and Supabase, e.g. [\"203.0.113.7/32\"]. Supabase's direct host has IPv6 only, so name an IPv6 network too."
  type        = set(string)

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for cidr in var.allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "Name at least one network in CIDR notation, e.g. 203.0.113.7/32 or 2001:db8::/64."
  }
  validation {
    condition     = alltrue([for cidr in var.allowed_cidrs : !endswith(cidr, "/0")])
    error_message = "A network of /0 is the whole internet: name the addresses you connect from."
  }
}

# --- Atlas ---

variable "atlas_org_id" {
  description = "Atlas organisation, 24 hexadecimal digits (Organization settings)."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{24}$", var.atlas_org_id))
    error_message = "An Atlas organisation id has 24 hexadecimal digits."
  }
}

variable "atlas_region" {
  description = "Atlas region that offers the free tier."
  type        = string
  default     = "EU_WEST_1"

  validation {
    condition     = can(regex("^[A-Z]+(_[A-Z0-9]+)+$", var.atlas_region))
    error_message = "Atlas writes regions in capitals with underscores, e.g. EU_WEST_1."
  }
}

variable "atlas_password" {
  description = "Password of the database user in Atlas. Set TF_VAR_atlas_password; it is in no plan and no state."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = can(regex("^[!-~]{12,128}$", var.atlas_password))
    error_message = "Give 12 to 128 printable ASCII characters without spaces."
  }
}

variable "atlas_password_version" {
  description = "Raise it by one to have a new atlas_password set: Terraform cannot see that a write-only value has changed."
  type        = number
  default     = 1

  validation {
    condition     = var.atlas_password_version >= 1 && floor(var.atlas_password_version) == var.atlas_password_version
    error_message = "Give a whole number of at least 1."
  }
}

# --- Supabase ---

variable "supabase_organization_id" {
  description = "Slug of the Supabase organisation, as in the address of its dashboard."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]{3,64}$", var.supabase_organization_id))
    error_message = "Give the slug in the dashboard's address: lower-case letters, digits, hyphens."
  }
}

variable "supabase_region" {
  description = "Region of the Supabase project."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.supabase_region))
    error_message = "Supabase writes regions as AWS does, e.g. eu-west-1."
  }
}

variable "supabase_instance_size" {
  description = "Size of the Supabase instance. null: the plan's own, which a free organisation needs."
  type        = string
  default     = null
}

variable "supabase_password" {
  description = "Password of Supabase's owner role, postgres. Set TF_VAR_supabase_password. It IS WRITTEN TO THE STATE: see README.md."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[!-~]{12,128}$", var.supabase_password))
    error_message = "Give 12 to 128 printable ASCII characters without spaces."
  }
}

# --- AWS ---

variable "aws_region" {
  description = "Region of the function and of its bucket."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "An AWS region looks like eu-west-1."
  }
}

variable "log_retention_days" {
  description = "How long the function's log is kept."
  type        = number
  default     = 14

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365], var.log_retention_days)
    error_message = "CloudWatch knows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 and 365 days."
  }
}
