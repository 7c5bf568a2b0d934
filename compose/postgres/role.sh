# Read once by the image, when it makes its data folder: what src/local/postgres-role.ts does without Docker.
psql -v ON_ERROR_STOP=1 -d "$POSTGRES_DB" -v db="$POSTGRES_DB" -v role="$TU_POSTGRES_USER" -v password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE :"role" LOGIN REPLICATION PASSWORD :'password';
ALTER DATABASE :"db" OWNER TO :"role";
ALTER ROLE CURRENT_USER PASSWORD NULL;
SQL
