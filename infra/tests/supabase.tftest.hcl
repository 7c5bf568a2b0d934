mock_provider "supabase" {
  mock_resource "supabase_project" {
    defaults = { id = "abcdefghijklmnopqrst" }
  }
}

variables {
  name            = "third-umpire"
  organization_id = "my-organisation"
  region          = "eu-west-1"
  password        = "another/long@password"
  allowed_cidrs   = ["2001:db8:1:2::/64", "203.0.113.7/32"]
}

run "restricts_the_network" {
  module {
    source = "./modules/supabase"
  }

  assert {
    condition     = jsondecode(supabase_settings.this.network).restrictions == ["2001:db8:1:2::/64", "203.0.113.7/32"]
    error_message = "other networks may connect"
  }
  assert {
    condition     = supabase_settings.this.project_ref == supabase_project.this.id
    error_message = "the settings are another project's"
  }
}

run "address_is_the_direct_host_and_holds_no_password" {
  module {
    source = "./modules/supabase"
  }

  assert {
    condition     = output.url == "postgresql://postgres:{supabase_password}@db.abcdefghijklmnopqrst.supabase.co:5432/postgres?sslmode=verify-full"
    error_message = "the pooler carries no replication, and the password is put in by env-pull: ${output.url}"
  }
}

run "free_plan_needs_no_size" {
  module {
    source = "./modules/supabase"
  }
  command = plan

  assert {
    condition     = var.instance_size == null
    error_message = "a free organisation refuses a size"
  }
}
