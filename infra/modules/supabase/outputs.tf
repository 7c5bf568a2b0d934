# The direct host: the pooler does not carry logical replication. verify-full, because with anything less one of the two
# Postgres clients would accept any certificate.
output "url" {
  description = "Address of the owner role with {supabase_password} in place of the password."
  value       = "postgresql://postgres:{supabase_password}@db.${supabase_project.this.id}.supabase.co:5432/postgres?sslmode=verify-full"
}
