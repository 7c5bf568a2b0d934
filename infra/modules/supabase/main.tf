# The provider has no write-only password: database_password is in the state.
resource "supabase_project" "this" {
  name              = var.name
  organization_id   = var.organization_id
  region            = var.region
  instance_size     = var.instance_size
  database_password = var.password
}

# Replication slots, publications and roles are not the provider's: `just db-init` makes the role, the feed makes the rest.
resource "supabase_settings" "this" {
  project_ref = supabase_project.this.id

  network = jsonencode({ restrictions = sort(var.allowed_cidrs) })
}
