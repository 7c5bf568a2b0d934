# No secret stands here: each provider finds its credentials in the environment (README.md, "Accounts").

# MONGODB_ATLAS_CLIENT_ID and MONGODB_ATLAS_CLIENT_SECRET of a service account.
provider "mongodbatlas" {}

# SUPABASE_ACCESS_TOKEN.
provider "supabase" {}

# A profile or single sign-on (AWS_PROFILE), rather than long-lived keys.
provider "aws" {
  region = var.aws_region

  default_tags {
    tags = { project = var.name }
  }
}
