locals {
  function_name = "${var.name}-object-store"
  prefix        = "test-matches"
  # Made by scripts/lambda-package.mjs, which infra-plan and infra-apply run.
  source_dir = "${path.root}/../.local/lambda/object-store"
}

# --- The bucket that holds the objects ---

resource "aws_s3_bucket" "objects" {
  bucket_prefix = "${var.name}-"
}

resource "aws_s3_bucket_public_access_block" "objects" {
  bucket = aws_s3_bucket.objects.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "objects" {
  bucket = aws_s3_bucket.objects.id

  versioning_configuration {
    status = "Enabled"
  }
}

# --- The function: reads below one prefix, writes its own log, and nothing else ---

data "archive_file" "function" {
  type        = "zip"
  source_dir  = local.source_dir
  output_path = "${path.root}/../.local/lambda/${local.function_name}.zip"
}

# Made here and not by the function's first call: only so it has a retention, and the role needs no right to create it.
resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${local.function_name}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "function" {
  name = local.function_name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  name = "read-objects-write-log"
  role = aws_iam_role.function.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadObjects"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = "${aws_s3_bucket.objects.arn}/${local.prefix}/*"
      },
      {
        # Without a condition on the prefix: with one, S3 answers 403 instead of 404 for an object that does not exist.
        Sid      = "ListObjects"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.objects.arn
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.function.arn}:*"
      },
    ]
  })
}

resource "aws_lambda_function" "this" {
  function_name    = local.function_name
  description      = "Object store of Third Umpire: a pure read of a cursor"
  role             = aws_iam_role.function.arn
  runtime          = "nodejs24.x"
  architectures    = ["arm64"]
  handler          = "infra/lambda/object-store/handler.handler"
  filename         = data.archive_file.function.output_path
  source_code_hash = data.archive_file.function.output_base64sha256
  timeout          = 15
  memory_size      = 256

  environment {
    variables = { TU_OBJECT_STORE = local.location }
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function.name
  }

  depends_on = [aws_iam_role_policy.function]
}

locals {
  location = "s3://${aws_s3_bucket.objects.id}/${local.prefix}"
}

# --- Who may call it, and who may fill the store ---

resource "aws_iam_policy" "caller" {
  name        = "${local.function_name}-caller"
  description = "May invoke ${local.function_name}, nothing else"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = aws_lambda_function.this.arn
    }]
  })
}

resource "aws_iam_policy" "writer" {
  name        = "${local.function_name}-writer"
  description = "May read and write the objects of ${local.function_name}, nothing else"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${aws_s3_bucket.objects.arn}/${local.prefix}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.objects.arn
      },
    ]
  })
}
