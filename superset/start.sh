#!/bin/sh
# What src/local/superset.ts does, inside a container: secrets at the first start, dashboards at each, then the server.
set -eu
umask 077
here=$(dirname "$0")
export SUPERSET_HOME="${SUPERSET_HOME:-$PWD}"
export SUPERSET_CONFIG_PATH="$here/superset_config.py"
export SUPERSET_BUNDLE="$here/bundle"
export SUPERSET_WAREHOUSE="${SUPERSET_WAREHOUSE:-/warehouse/pub/current/cricket.duckdb}"
export SUPERSET_ADMIN="${SUPERSET_ADMIN:-admin}"
export SCARF_ANALYTICS=false

for name in secret_key guest_secret admin_password; do
  file="$SUPERSET_HOME/$name"
  if [ ! -s "$file" ]; then
    head -c 33 /dev/urandom | base64 | tr '+/' '-_' >"$file.new"
    mv "$file.new" "$file"
  fi
done

python "$here/bootstrap.py"
exec python -m gunicorn -k gthread -w 1 --threads 8 --timeout 120 --graceful-timeout 5 --no-control-socket \
  -b "${SUPERSET_BIND:-127.0.0.1:29188}" "superset.app:create_app()"
