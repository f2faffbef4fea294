#!/usr/bin/env bash
# An operator's day: a forgotten copy is backfilled, a lost and an unknown object are found and mended, a location is
# refused for removal, drained, proven removable and brought back, and garbage leaves every bucket.
source "$(dirname "$0")/lib.sh"

bin=${BIN:-.build/debug}
ops() {
  REGION_NAME=us QUAY_DISTRIBUTED_STORAGE_PREFERENCE='usstorage eustorage apstorage' \
    "$bin/replication-worker" "$@" --config "$CONFIG" 2>>"$work/remarks"
}
# ops_ends WANTED COMMAND...: runs a command, keeps what it prints in $work/out, and checks how it ends.
ops_ends() {
  local wanted=$1 status=0
  shift
  ops "$@" >"$work/out" || status=$?
  [[ $status == "$wanted" ]] ||
    fail "replication-worker $*: ended with $status, not $wanted: $(tail -n 3 "$work/out" "$work/remarks")"
  say "replication-worker $*: $(tail -n 1 "$work/out")"
}
last_line() { tail -n 1 "$work/out"; }

for image in kept gone; do
  python3 Tests/e2e/make_image.py "$work/$image" "$image" --layers 3
  push "$work/$image:$image" "$US_API" "operators/$image:one"
done
wait_replicated 120
digest=$(sql "SELECT b.digest FROM blobs b JOIN repository_blobs l ON l.blob = b.id JOIN repositories r ON r.id = l.repository
  WHERE r.name = 'operators/kept' ORDER BY b.size DESC LIMIT 1")
blob=$(sql "SELECT id FROM blobs WHERE digest = '$digest'")
at() { sql "SELECT count(*) FROM placements WHERE blob = $blob AND location = '$1' AND state = 'verified'"; }

# A copy is forgotten together with its job: only a backfill can know.
sql "DELETE FROM jobs WHERE blob = $blob AND target = 'eustorage'
" && sql "DELETE FROM placements WHERE blob = $blob AND location = 'eustorage'"
ops_ends 3 backfill --dry-run
expect "missing before the backfill" '1 missing, 0 in flight' "$(last_line)"
ops_ends 0 backfill --wait
expect "after it" '0 missing, 0 in flight: complete' "$(last_line)"
check_store "$EU_API" "$EU_STORE" operators/kept "$digest"

# The forgotten copy's object is an orphan now. One copy more is lost for real: its row names an object that is not there.
sql "UPDATE placements SET object_key = regexp_replace(object_key, '.{12}\$', '000000000000') WHERE blob = $blob AND location = 'apstorage'"
ops_ends 2 verify --digest "$digest"
wait_replicated 120
expect "verified copies at ap after healing" 1 "$(at apstorage)"
check_store "$AP_API" "$AP_STORE" operators/kept "$digest"
ops_ends 0 verify --repository operators/kept --deep
ops_ends 0 repair --location eustorage --fix --yes --grace 60s

# What is nowhere else keeps a location from being removed; drained, it can be, and comes back.
sql "DELETE FROM jobs WHERE blob = $blob" && sql "DELETE FROM placements WHERE blob = $blob AND location <> 'apstorage'"
ops_ends 2 remove-location apstorage --dry-run
grep -q "$digest" "$work/out" || fail "the last copy is not listed"
ops_ends 0 drain apstorage
ops_ends 0 remove-location apstorage --dry-run
expect "state of apstorage" draining "$(sql "SELECT state FROM locations WHERE id = 'apstorage'")"
status=0
ops drain apstorage --cancel >"$work/out" || status=$?
[[ $status == 0 || $status == 3 ]] || fail "bringing apstorage back ended with $status"
ops_ends 0 add-location apstorage
expect "state of apstorage" active "$(sql "SELECT state FROM locations WHERE id = 'apstorage'")"
ops_ends 0 backfill --wait

# Garbage: the image's manifest is deleted and the leases of its blobs have run out.
manifest=$(api -I "$US_API/v2/operators/gone/manifests/one" -H 'Accept: application/vnd.oci.image.manifest.v1+json' |
  tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" {print $2}')
api -X DELETE "$US_API/v2/operators/gone/manifests/$manifest"
sql "UPDATE repository_blobs SET leased_until = 0 WHERE repository = (SELECT id FROM repositories WHERE name = 'operators/gone')
" && sql "UPDATE finished_uploads SET expires_at = 0"
ops_ends 0 gc --yes --wait --grace 1s
expect "links of the deleted image" 0 \
  "$(sql "SELECT count(*) FROM repository_blobs WHERE repository = (SELECT id FROM repositories WHERE name = 'operators/gone')")"
expect "blobs nothing links" 0 "$(sql "SELECT count(*) FROM blobs b WHERE NOT EXISTS (SELECT 1 FROM repository_blobs l WHERE l.blob = b.id)")"
pull "$AP_API" operators/kept:one "$work/pulled:one"
say "the image that was kept is whole after all that"
ops_ends 0 status
