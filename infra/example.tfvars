# Copy to terraform.tfvars (ignored by git). Passwords do not belong here: export TF_VAR_atlas_password and TF_VAR_supabase_password.

# What `curl -4 https://checkip.amazonaws.com` and `curl -6 https://api6.ipify.org` say, as networks.
allowed_cidrs = ["203.0.113.7/32", "2001:db8:1:2::/64"]

atlas_org_id             = "000000000000000000000000"
supabase_organization_id = "your-organisation"
