output "url" {
  description = "Address with {atlas_password} in place of the password."
  value       = "mongodb+srv://${local.username}:{atlas_password}@${local.host}/${local.database}?retryWrites=true&w=majority"
}

output "database" {
  value = local.database
}
