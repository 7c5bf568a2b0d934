# The settings that leave this configuration. Providers are mocked: no account, no network.

mock_provider "mongodbatlas" {
  mock_resource "mongodbatlas_project" {
    defaults = { id = "64b5f0c2a1d3e4f5a6b7c8d9" }
  }
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

mock_provider "supabase" {
  mock_resource "supabase_project" {
    defaults = { id = "abcdefghijklmnopqrst" }
  }
}

mock_provider "aws" {
  mock_resource "aws_s3_bucket" {
    defaults = { id = "third-umpire-20261121", arn = "arn:aws:s3:::third-umpire-20261121" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/third-umpire-object-store" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/third-umpire-object-store" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:third-umpire-object-store" }
  }
}

mock_provider "archive" {}

variables {
  allowed_cidrs            = ["203.0.113.7/32", "2001:db8:1:2::/64"]
  atlas_org_id             = "0123456789abcdef01234567"
  atlas_password           = "correct:horse/battery@staple"
  supabase_organization_id = "my-organisation"
  supabase_password        = "another/long@password"
}

run "env_names_every_cloud_setting" {
  assert {
    condition = nonsensitive(output.env) == {
      TU_POSTGRES_URL     = "postgresql://postgres:{supabase_password}@db.abcdefghijklmnopqrst.supabase.co:5432/postgres?sslmode=verify-full"
      TU_MONGODB_URL      = "mongodb+srv://third_umpire:{atlas_password}@third-umpire.ab1cd.mongodb.net/cricket?retryWrites=true&w=majority"
      TU_MONGODB_DATABASE = "cricket"
      TU_LAMBDA_ENDPOINT  = "aws"
      TU_LAMBDA_REGION    = "eu-west-1"
      TU_LAMBDA_FUNCTION  = "third-umpire-object-store"
      TU_OBJECT_STORE     = "s3://third-umpire-20261121/test-matches"
    }
    error_message = "env is not what .env needs: ${jsonencode(nonsensitive(output.env))}"
  }

  assert {
    condition     = issensitive(output.env)
    error_message = "env must be sensitive: terraform would print it"
  }
}

run "refuses_the_whole_internet" {
  command = plan
  variables {
    allowed_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.allowed_cidrs]
}

run "refuses_what_is_no_network" {
  command = plan
  variables {
    allowed_cidrs = ["203.0.113.7"]
  }
  expect_failures = [var.allowed_cidrs]
}

run "refuses_no_network_at_all" {
  command = plan
  variables {
    allowed_cidrs = []
  }
  expect_failures = [var.allowed_cidrs]
}

run "refuses_an_atlas_organisation_by_name" {
  command = plan
  variables {
    atlas_org_id = "my-organisation"
  }
  expect_failures = [var.atlas_org_id]
}

run "refuses_a_short_password" {
  command = plan
  variables {
    supabase_password = "short"
  }
  expect_failures = [var.supabase_password]
}

run "refuses_a_retention_that_cloudwatch_does_not_know" {
  command = plan
  variables {
    log_retention_days = 10
  }
  expect_failures = [var.log_retention_days]
}

run "refuses_a_name_that_no_bucket_can_have" {
  command = plan
  variables {
    name = "Third_Umpire"
  }
  expect_failures = [var.name]
}
