# The one thing to take away: settings as .env.example names them. `just env-pull` writes them to .env.
# {atlas_password} and {supabase_password} stay as they are here: the script puts in the values of the variables
# of the environment, TF_VAR_…, encoded for an address. So no password passes through an output.
output "env" {
  description = "TU_* settings for .env."
  sensitive   = true
  value = {
    TU_POSTGRES_URL     = module.supabase.url
    TU_MONGODB_URL      = module.atlas.url
    TU_MONGODB_DATABASE = module.atlas.database
    TU_LAMBDA_ENDPOINT  = "aws"
    TU_LAMBDA_REGION    = var.aws_region
    TU_LAMBDA_FUNCTION  = module.object_store.function_name
    TU_OBJECT_STORE     = module.object_store.location
  }
}

output "caller_policy_arn" {
  description = "Attach it to whoever runs `third-umpire source test`: it may invoke the one function and nothing else."
  value       = module.object_store.caller_policy_arn
}

output "writer_policy_arn" {
  description = "Attach it to whoever runs `third-umpire feed --test`: it may read and write objects below the one prefix."
  value       = module.object_store.writer_policy_arn
}
