# shellcheck shell=bash
# What a simulation was made with, its secrets, and the one config file of every process. Sourced, never run.
set -euo pipefail

# settings_load [fresh] – STORE and PORT_BASE of the data at hand (not when starting afresh), else as asked for;
# SETTINGS_CONFLICT says how they differ. Which stores have fault proxies, and whether PostgreSQL has a standby, is
# remembered, but may be changed.
# shellcheck disable=SC2034  # read by simulate
settings_load() {
  STORE=${STORE:-}
  PORT_BASE=${MERIDIAN_PORT_BASE:-}
  STORE_PROXIES='' STANDBY=''
  if [[ ${1:-} != fresh && -s $RUN_DIR/settings ]]; then
    local asked_store=$STORE asked_base=$PORT_BASE
    # shellcheck source=/dev/null
    source "$RUN_DIR/settings"
    [[ -z $asked_store || $asked_store == "$STORE" ]] || SETTINGS_CONFLICT="STORE=$STORE, not $asked_store"
    [[ -z $asked_base || $asked_base == "$PORT_BASE" ]] ||
      SETTINGS_CONFLICT="MERIDIAN_PORT_BASE=$PORT_BASE, not $asked_base"
  fi
  STORE=${STORE:-ceph}
  PORT_BASE=${PORT_BASE:-20000}
  STORE_PROXIES=${MERIDIAN_STORE_PROXIES-$STORE_PROXIES}
  STANDBY=${MERIDIAN_STANDBY-$STANDBY}
  local region
  for region in $STORE_PROXIES; do
    [[ " ${REGIONS[*]} " == *" $region "* ]] || die "there is no region '$region' to have a fault proxy"
    [[ $STORE != local ]] || die "the stores are folders: no proxy can stand in front of them"
  done
  case $STORE in ceph | local) ;; *) die "STORE must be ceph or local, not $STORE" ;; esac
  if [[ ! $PORT_BASE =~ ^[1-9][0-9]{3,4}$ ]] || ((PORT_BASE < 1024 || PORT_BASE > 32668)); then
    die "MERIDIAN_PORT_BASE must be a number from 1024 to 32668, not $PORT_BASE"
  fi
}

# settings_save – remember them beside the data, and make the secrets once.
settings_save() {
  mkdir -p "$RUN_DIR/data"
  printf "STORE=%s\nPORT_BASE=%s\nSTORE_PROXIES='%s'\nSTANDBY='%s'\n" "$STORE" "$PORT_BASE" "$STORE_PROXIES" "$STANDBY" \
    >"$RUN_DIR/settings"
  if [[ ! -s $RUN_DIR/data/secrets ]]; then
    (
      umask 077
      cat >"$RUN_DIR/data/secrets" <<SECRETS
DATABASE_PASSWORD=$(random_text 24)
S3_ACCESS_KEY=$(random_text 20)
S3_SECRET_KEY=$(random_text 40)
SUPERUSER_PASSWORD=$(random_text 20)
SECRET_KEY=$(random_text 48)
DATABASE_SECRET_KEY=$(random_text 48)
SECRETS
    )
  fi
  secrets_load
}

# secrets_load – the secrets as variables.
secrets_load() {
  # shellcheck source=/dev/null
  source "$RUN_DIR/data/secrets"
}

# postgres_url [NAME…] – the database as every process reaches it, or on these servers alone.
postgres_url() {
  local name hosts=''
  (($# > 0)) || set -- postgres ${STANDBY:+postgres-standby}
  for name in "$@"; do hosts+=${hosts:+,}127.0.0.1:$(port_of "$name"); done
  printf 'postgresql://meridian:%s@%s/meridian\n' "$DATABASE_PASSWORD" "$hosts"
}

# config_write – .run/config.yaml, the same file for every process of every region.
config_write() {
  local region kind
  (
    umask 077
    {
      cat <<YAML
# Written by scripts/simulate. Every process of every region reads this file; only the environment differs.
SERVER_HOSTNAME: 127.0.0.1:$(port_of lb)
PREFERRED_URL_SCHEME: http
REGION_HOSTNAMES:
$(for region in "${REGIONS[@]}"; do echo "  - 127.0.0.1:$(port_of "$region-api")"; done)
DB_URI: $(postgres_url)
${STANDBY:+DB_READ_URI: $(postgres_url postgres-standby)}
BUILDLOGS_REDIS:
  host: 127.0.0.1
  port: $(port_of redis)
USER_EVENTS_REDIS:
  host: 127.0.0.1
  port: $(port_of redis)
SECRET_KEY: $SECRET_KEY
DATABASE_SECRET_KEY: $DATABASE_SECRET_KEY
SUPER_USERS:
  - admin
SUPERUSER_PASSWORD: $SUPERUSER_PASSWORD
FEATURE_STORAGE_REPLICATION: true
DISTRIBUTED_STORAGE_CONFIG:
YAML
      for region in "${REGIONS[@]}"; do location_yaml "$region"; done
      for kind in DEFAULT_LOCATIONS PREFERENCE; do
        echo "DISTRIBUTED_STORAGE_$kind:"
        for region in "${REGIONS[@]}"; do echo "  - ${region}storage"; done
      done
      [[ $STORE == local ]] && echo 'ALLOW_LOCAL_REPLICATION: true'
      echo 'REGIONS:'
      for region in "${REGIONS[@]}"; do
        cat <<YAML
  $region:
    location: ${region}storage
    api: $(url_of "$region-api")
    health: $(url_of "$region-health")
YAML
      done
    } >"$RUN_DIR/config.yaml.new"
  )
  mv "$RUN_DIR/config.yaml.new" "$RUN_DIR/config.yaml"
}

# location_yaml REGION – its entry of DISTRIBUTED_STORAGE_CONFIG. Presigned URLs say `localhost`, registry URLs
# 127.0.0.1, so that clients do not carry the registry's Authorization header over to the store.
location_yaml() {
  if [[ $STORE == local ]]; then
    mkdir -p "$RUN_DIR/data/stores/$1"
    cat <<YAML
  $1storage:
    - LocalStorage
    - storage_path: $RUN_DIR/data/stores/$1
YAML
    return
  fi
  cat <<YAML
  $1storage:
    - RadosGWStorage
    - hostname: 127.0.0.1
      port: $(store_port "$1")
      is_secure: false
      storage_path: /registry
      access_key: $S3_ACCESS_KEY
      secret_key: $S3_SECRET_KEY
      bucket_name: $1storage
      public_endpoint: http://localhost:$(store_port "$1")
YAML
}

# regions_env_write – .run/regions.env: shell assignments for people and tools.
regions_env_write() {
  local region
  (
    umask 077
    {
      echo "GLOBAL_URL='$(url_of lb)'"
      for region in "${REGIONS[@]}"; do echo "${region^^}_API='$(url_of "$region-api")'"; done
      for region in "${REGIONS[@]}"; do echo "${region^^}_HEALTH='$(url_of "$region-health")'"; done
      for region in "${REGIONS[@]}"; do echo "${region^^}_AGENT='127.0.0.1:$(port_of "$region-agent")'"; done
      for region in "${REGIONS[@]}"; do echo "${region^^}_WORKER='$(url_of "$region-worker")'"; done
      for region in "${REGIONS[@]}"; do
        if [[ $STORE == local ]]; then
          echo "${region^^}_STORE='file://$RUN_DIR/data/stores/$region'"
        else
          echo "${region^^}_STORE='$(url_of "$region-store")'"
        fi
      done
      # For tools over libpq: with a standby, whichever of the two is the primary.
      echo "POSTGRES_URL='$(postgres_url)${STANDBY:+?target_session_attrs=read-write}'"
      echo "REDIS_URL='redis://127.0.0.1:$(port_of redis)/0'"
      echo "CONFIG='$RUN_DIR/config.yaml'"
      echo "SUPERUSER='admin'"
      echo "SUPERUSER_PASSWORD='$SUPERUSER_PASSWORD'"
    } >"$RUN_DIR/regions.env.new"
  )
  mv "$RUN_DIR/regions.env.new" "$RUN_DIR/regions.env"
}

# auth_file_write – .run/auth.json: the superuser's credentials for every registry address, as skopeo and podman read them.
auth_file_write() {
  local name pair separator=''
  pair=$(printf 'admin:%s' "$SUPERUSER_PASSWORD" | base64 -w 0)
  (
    umask 077
    {
      printf '{"auths":{'
      for name in lb us-api eu-api ap-api; do
        printf '%s"127.0.0.1:%s":{"auth":"%s"}' "$separator" "$(port_of "$name")" "$pair"
        separator=,
      done
      printf '}}\n'
    } >"$RUN_DIR/auth.json.new"
  )
  mv "$RUN_DIR/auth.json.new" "$RUN_DIR/auth.json"
}
