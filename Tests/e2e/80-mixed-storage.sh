#!/usr/bin/env bash
# One registry on three kinds of storage: us on Ceph, eu on OpenStack Swift's own interface, ap on Azure's (a strict fake).
# Images pushed in each region are replicated, pulled in every other, verified byte by byte; then eu is drained, removed
# with its objects, and its container is empty.
#
# Regions of its own beside the simulation's: its database server and us-store are used, with another database and bucket.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/all.sh
source "$here/../../scripts/lib/all.sh"
# shellcheck source=Tests/e2e/lib.sh
source "$here/lib.sh"

bin=${BIN:-.build/debug}
if ! openstack_installed; then
  say "OpenStack Swift is not installed (scripts/install openstack)"
  exit 77
fi
# shellcheck source=/dev/null
source .run/data/secrets
simulation=$POSTGRES_URL
S3=$US_STORE
RUN_DIR=$work/run
mkdir -p "$RUN_DIR/logs" "$RUN_DIR/pids"
base=$(free_port_block 20)
swift=http://127.0.0.1:$base
azure_port=$((base + 6)) redis_port=$((base + 7))
swift_password=$(random_text 24) swift_key=$(random_text 30) azure_key=$(random_text 40 | base64 -w 0)
database=mixed_$(random_text 8 | tr '[:upper:]' '[:lower:]')

finish() {
  local status=$? name
  for name in $(proc_names); do [[ $name == mixed-* ]] && proc_stop "$name" TERM 20; done
  openstack_stop openstack
  for name in $(proc_names); do proc_stop "$name" TERM 5; done
  psql -qAt "$simulation" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" >/dev/null 2>&1 || true
  if ((status != 0)); then tail -n 5 "$RUN_DIR"/logs/*.log >&2 || true; fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

# The three stores, and what the registry needs besides.
openstack_configure "$RUN_DIR/data/openstack" "$base" "$swift_password"
openstack_start "$RUN_DIR/data/openstack" openstack "$base"
openstack_prepare "$RUN_DIR/data/openstack" "$base" "$swift_key" images
proc_start azure python3 Tests/fakes/azure --port "$azure_port" --account mixedaccount --key "$azure_key" \
  --container images --data "$RUN_DIR/data/azure"
redis_start "$RUN_DIR/data/redis" "$redis_port"
s3_bucket "$S3" "$S3_ACCESS_KEY" "$S3_SECRET_KEY" mixed
psql -qAt -v ON_ERROR_STOP=1 "$simulation" -c "CREATE DATABASE $database"
POSTGRES_URL=${simulation%/*}/$database
say "stores: Ceph at $S3, OpenStack Swift at $swift, Azure's fake at port $azure_port"

US_API=http://127.0.0.1:$((base + 10)) EU_API=http://127.0.0.1:$((base + 11)) AP_API=http://127.0.0.1:$((base + 12))
CONFIG=$RUN_DIR/config.yaml
(
  umask 077
  cat >"$CONFIG" <<YAML
SERVER_HOSTNAME: $(host_of "$US_API")
PREFERRED_URL_SCHEME: http
REGION_HOSTNAMES: [$(host_of "$US_API"), $(host_of "$EU_API"), $(host_of "$AP_API")]
DB_URI: $POSTGRES_URL
BUILDLOGS_REDIS: {host: 127.0.0.1, port: $redis_port}
USER_EVENTS_REDIS: {host: 127.0.0.1, port: $redis_port}
SECRET_KEY: $SECRET_KEY
DATABASE_SECRET_KEY: $DATABASE_SECRET_KEY
SUPER_USERS: [admin]
SUPERUSER_PASSWORD: $SUPERUSER_PASSWORD
FEATURE_STORAGE_REPLICATION: true
DISTRIBUTED_STORAGE_CONFIG:
  usstorage:
    - RadosGWStorage
    - hostname: 127.0.0.1
      port: $(port_of "$S3")
      is_secure: false
      storage_path: /registry
      access_key: $S3_ACCESS_KEY
      secret_key: $S3_SECRET_KEY
      bucket_name: mixed
      public_endpoint: http://localhost:$(port_of "$S3")
  eustorage:
    - SwiftStorage
    - swift_container: images
      storage_path: /registry
      auth_url: $swift/auth/v1.0
      auth_version: 1
      swift_user: test:tester
      swift_password: $swift_password
      temp_url_key: $swift_key
      public_endpoint: http://localhost:$base
  apstorage:
    - AzureStorage
    - azure_container: images
      storage_path: /registry
      azure_account_name: mixedaccount
      azure_account_key: $azure_key
      endpoint_url: http://127.0.0.1:$azure_port
      public_endpoint: http://localhost:$azure_port
DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS: [usstorage, eustorage, apstorage]
DISTRIBUTED_STORAGE_PREFERENCE: [usstorage, eustorage, apstorage]
REGIONS:
  us: {location: usstorage, api: $US_API}
  eu: {location: eustorage, api: $EU_API}
  ap: {location: apstorage, api: $AP_API}
YAML
)
# in_region REGION COMMAND… – a program of ours with that region's environment.
in_region() {
  local region=$1
  shift
  REGION_NAME=$region QUAY_DISTRIBUTED_STORAGE_PREFERENCE=$(preference_of "$region") "$@" --config "$CONFIG"
}
in_region us "$bin/registry-api" migrate >>"$RUN_DIR/logs/migrate.log" 2>&1 || fail "the database could not be migrated"
offset=10
for region in us eu ap; do
  proc_start "mixed-$region-api" env REGION_NAME=$region QUAY_DISTRIBUTED_STORAGE_PREFERENCE="$(preference_of $region)" \
    "$bin/registry-api" serve --config "$CONFIG" --listen "127.0.0.1:$((base + offset))"
  proc_start "mixed-$region-worker" env REGION_NAME=$region QUAY_DISTRIBUTED_STORAGE_PREFERENCE="$(preference_of $region)" \
    "$bin/replication-worker" run --config "$CONFIG" --metrics-address "127.0.0.1:$((base + offset + 4))"
  offset=$((offset + 1))
done
for url in "$US_API" "$EU_API" "$AP_API"; do wait_for 60 "the API at $url answers" http_answers "$url/v2/" 200 401; done

# Pushed in every region, so that clients' uploads reach all three engines, in parts and whole.
offset=0
for region in us eu ap; do
  python3 Tests/e2e/make_image.py "$work/$region" one --layers 3 --big-layer-bytes $((30000000 + offset))
  api=${region^^}_API
  push "$work/$region:one" "${!api}" "mixed/$region:one"
  offset=$((offset + 1))
done
wait_replicated 180
expect "blobs" 15 "$(sql 'SELECT count(*) FROM blobs')"
for location in usstorage eustorage apstorage; do
  expect "verified copies at $location" 15 \
    "$(sql "SELECT count(*) FROM placements WHERE location = '$location' AND state = 'verified'")"
done

# Every image in every region, each blob from the region's own store by a signed URL.
for region in us eu ap; do
  api=${region^^}_API
  case $region in us) store=$S3 ;; eu) store=$swift ;; ap) store=http://127.0.0.1:$azure_port ;; esac
  for image in us eu ap; do pull "${!api}" "mixed/$image:one" "$work/pulled-$region-$image:one"; done
  count=0
  while IFS='|' read -r repository blob; do
    check_store "${!api}" "$store" "$repository" "$blob"
    count=$((count + 1))
  done < <(sql "SELECT r.name, b.digest FROM blobs b JOIN repository_blobs l ON l.blob = b.id JOIN repositories r ON r.id = l.repository")
  ((count >= 15)) || fail "only $count blobs are linked"
  say "$region: three images pulled, $count blobs hash right in its own store"
done

worker() { in_region us "$bin/replication-worker" "$@" 2>>"$work/remarks"; }
# worker_ends WANTED COMMAND… – runs a command and checks how it ends.
worker_ends() {
  local wanted=$1 status=0
  shift
  worker "$@" >"$work/out" || status=$?
  [[ $status == "$wanted" ]] ||
    fail "replication-worker $*: ended with $status, not $wanted: $(tail -n 3 "$work/out" "$work/remarks")"
  say "replication-worker $*: $(tail -n 1 "$work/out")"
}
for region in us eu ap; do worker_ends 0 verify --repository "mixed/$region" --deep; done
worker_ends 0 repair --location eustorage --fix --yes --grace 60s
worker_ends 0 repair --location apstorage --fix --yes --grace 60s

# names – what the container of eu holds, segments and marks included.
names() {
  local token
  token=$(curl -sS --dump-header - --output /dev/null -H 'X-Auth-User: test:tester' -H "X-Auth-Key: $swift_password" \
    "$swift/auth/v1.0" | tr -d '\r' | awk 'tolower($1) == "x-auth-token:" {print $2}')
  curl -sS --fail -H "X-Auth-Token: $token" "$swift/v1/AUTH_test/images"
}
segments=$(names | grep -c '^.meridian-uploads/parts/' || true)
((segments > 0)) || fail "no large object was stored in segments"
expect "open uploads in eu's container" 0 "$(names | grep -c '^.meridian-uploads/open/' || true)"
worker_ends 0 drain eustorage
worker_ends 0 remove-location eustorage --delete-objects --yes
expect "objects left in eu's container (there were $segments segments)" '' "$(names)"
pull "$EU_API" mixed/eu:one "$work/afterwards:one"
say "what was pushed to eu is pulled in eu without its store"
