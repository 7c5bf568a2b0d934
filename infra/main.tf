# Three sources, one module each. Nothing here depends on another module.

module "atlas" {
  source = "./modules/atlas"

  name             = var.name
  org_id           = var.atlas_org_id
  region           = var.atlas_region
  allowed_cidrs    = var.allowed_cidrs
  password         = var.atlas_password
  password_version = var.atlas_password_version
}

module "supabase" {
  source = "./modules/supabase"

  name            = var.name
  organization_id = var.supabase_organization_id
  region          = var.supabase_region
  instance_size   = var.supabase_instance_size
  password        = var.supabase_password
  allowed_cidrs   = var.allowed_cidrs
}

module "object_store" {
  source = "./modules/object-store"

  name               = var.name
  log_retention_days = var.log_retention_days
}
