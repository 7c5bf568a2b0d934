mock_provider "mongodbatlas" {
  mock_resource "mongodbatlas_advanced_cluster" {
    defaults = {
      # OpenTofu wants every field of an object that is mocked.
      connection_strings = {
        standard_srv = "mongodb+srv://third-umpire.ab1cd.mongodb.net"
        standard     = ""
        private      = ""
        private_srv  = ""
      }
    }
  }
}

variables {
  name             = "third-umpire"
  org_id           = "0123456789abcdef01234567"
  region           = "EU_WEST_1"
  allowed_cidrs    = ["203.0.113.7/32"]
  password         = "correct:horse/battery@staple"
  password_version = 1
}

run "free_replica_set" {
  module {
    source = "./modules/atlas"
  }

  assert {
    condition     = mongodbatlas_advanced_cluster.this.cluster_type == "REPLICASET"
    error_message = "change streams need a replica set"
  }
  assert {
    condition     = mongodbatlas_advanced_cluster.this.replication_specs[0].region_configs[0].electable_specs.instance_size == "M0"
    error_message = "anything but M0 costs money"
  }
}

run "password_is_not_in_the_state" {
  module {
    source = "./modules/atlas"
  }

  assert {
    condition     = mongodbatlas_database_user.app.password == null && mongodbatlas_database_user.app.password_wo == null
    error_message = "the password would be in the state"
  }
  assert {
    condition     = mongodbatlas_database_user.app.password_wo_version == 1
    error_message = "without a version a new password is never set"
  }
}

run "user_may_use_one_database_of_one_cluster" {
  module {
    source = "./modules/atlas"
  }

  assert {
    condition     = [for role in mongodbatlas_database_user.app.roles : "${role.role_name} ${role.database_name}"] == ["readWrite cricket"]
    error_message = "the user has other rights than readWrite on one database"
  }
  assert {
    condition     = [for scope in mongodbatlas_database_user.app.scopes : "${scope.type} ${scope.name}"] == ["CLUSTER third-umpire"]
    error_message = "the user is not bound to the one cluster"
  }
}

run "only_the_networks_named_may_connect" {
  module {
    source = "./modules/atlas"
  }

  assert {
    condition     = [for entry in mongodbatlas_project_ip_access_list.allowed : entry.cidr_block] == ["203.0.113.7/32"]
    error_message = "the access list holds other networks"
  }
}
