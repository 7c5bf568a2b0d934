resource "mongodbatlas_project" "this" {
  name   = var.name
  org_id = var.org_id
}

# M0, the free tier: three nodes, so change streams work; 0.5 GB, 100 operations a second, no choice of oplog size.
resource "mongodbatlas_advanced_cluster" "this" {
  project_id   = mongodbatlas_project.this.id
  name         = var.name
  cluster_type = "REPLICASET"

  replication_specs = [{
    region_configs = [{
      electable_specs       = { instance_size = "M0" }
      provider_name         = "TENANT"
      backing_provider_name = "AWS"
      region_name           = var.region
      priority              = 7
    }]
  }]
}

# readWrite holds what the feed needs (insert, transactions) and what the source needs (find, changeStream), in one database.
resource "mongodbatlas_database_user" "app" {
  project_id          = mongodbatlas_project.this.id
  username            = local.username
  auth_database_name  = "admin"
  password_wo         = var.password
  password_wo_version = var.password_version

  roles {
    role_name     = "readWrite"
    database_name = local.database
  }

  scopes {
    name = mongodbatlas_advanced_cluster.this.name
    type = "CLUSTER"
  }
}

resource "mongodbatlas_project_ip_access_list" "allowed" {
  for_each = var.allowed_cidrs

  project_id = mongodbatlas_project.this.id
  cidr_block = each.value
  comment    = "${var.name}, by Terraform"
}

locals {
  username = "third_umpire"
  database = "cricket"
  host     = trimprefix(mongodbatlas_advanced_cluster.this.connection_strings.standard_srv, "mongodb+srv://")
}
