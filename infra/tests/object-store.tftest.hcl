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
  name               = "third-umpire"
  log_retention_days = 14
}

run "bucket_is_private_and_versioned" {
  module {
    source = "./modules/object-store"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.objects.block_public_acls,
      aws_s3_bucket_public_access_block.objects.block_public_policy,
      aws_s3_bucket_public_access_block.objects.ignore_public_acls,
      aws_s3_bucket_public_access_block.objects.restrict_public_buckets,
      aws_s3_bucket_public_access_block.objects.bucket == aws_s3_bucket.objects.id,
    ])
    error_message = "the bucket could be made public"
  }
  assert {
    condition     = aws_s3_bucket_versioning.objects.versioning_configuration[0].status == "Enabled"
    error_message = "an object that is overwritten would be lost"
  }
}

run "function_may_read_its_prefix_and_write_its_log_only" {
  module {
    source = "./modules/object-store"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement.Sid => "${join(" ", statement.Action)} on ${statement.Resource}"
      } == {
      ReadObjects = "s3:GetObject on arn:aws:s3:::third-umpire-20261121/test-matches/*"
      ListObjects = "s3:ListBucket on arn:aws:s3:::third-umpire-20261121"
      WriteLog    = "logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/third-umpire-object-store:*"
    }
    error_message = "the function has other rights: ${aws_iam_role_policy.function.policy}"
  }
  assert {
    condition     = jsondecode(aws_iam_role.function.assume_role_policy).Statement[0].Principal == { Service = "lambda.amazonaws.com" }
    error_message = "somebody else may take the role"
  }
}

run "caller_may_invoke_the_one_function_only" {
  module {
    source = "./modules/object-store"
  }

  assert {
    condition = jsondecode(aws_iam_policy.caller.policy).Statement == [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = "arn:aws:lambda:eu-west-1:123456789012:function:third-umpire-object-store"
    }]
    error_message = "the caller has other rights: ${aws_iam_policy.caller.policy}"
  }
}

run "writer_may_not_delete" {
  module {
    source = "./modules/object-store"
  }

  assert {
    condition     = flatten([for statement in jsondecode(aws_iam_policy.writer.policy).Statement : statement.Action]) == ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]
    error_message = "the writer has other rights: ${aws_iam_policy.writer.policy}"
  }
}

run "log_has_a_retention_and_is_the_functions_own" {
  module {
    source = "./modules/object-store"
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.retention_in_days == 14
    error_message = "the log would be kept for ever"
  }
  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_group == aws_cloudwatch_log_group.function.name
    error_message = "the function would make a log group of its own, without a retention"
  }
}

run "function_knows_where_the_objects_are" {
  module {
    source = "./modules/object-store"
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ TU_OBJECT_STORE = "s3://third-umpire-20261121/test-matches" })
    error_message = "the function looks elsewhere"
  }
  assert {
    condition     = aws_lambda_function.this.runtime == "nodejs24.x"
    error_message = "another runtime"
  }
}
