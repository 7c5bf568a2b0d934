output "function_name" {
  value = aws_lambda_function.this.function_name
}

output "location" {
  description = "Where the objects are, as TU_OBJECT_STORE wants it."
  value       = local.location
}

output "caller_policy_arn" {
  value = aws_iam_policy.caller.arn
}

output "writer_policy_arn" {
  value = aws_iam_policy.writer.arn
}
