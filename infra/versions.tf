terraform {
  # Write-only arguments and ephemeral variables: Terraform 1.11, OpenTofu 1.11.
  required_version = ">= 1.11"

  required_providers {
    mongodbatlas = {
      source  = "mongodb/mongodbatlas"
      version = "~> 2.16"
    }
    supabase = {
      source  = "supabase/supabase"
      version = "~> 1.10"
    }
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.60"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }
}
