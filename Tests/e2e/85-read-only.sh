#!/usr/bin/env bash
# Read-only: a location that is left as it is while pushes go elsewhere and come back to it, and a registry that changes
# nothing at all.
source "$(dirname "$0")/lib.sh"

bin=${BIN:-.build/debug}
ops() {
  REGION_NAME=us QUAY_DISTRIBUTED_STORAGE_PREFERENCE='usstorage eustorage apstorage' \
    "$bin/replication-worker" "$@" --config "$CONFIG" 2>>"$work/remarks"
}
# copies REPOSITORY LOCATION: how many of its blobs have a verified copy there.
copies() {
  sql "SELECT count(*) FROM repository_blobs l JOIN repositories r ON r.id = l.repository
    JOIN placements p ON p.blob = l.blob AND p.location = '$2' AND p.state = 'verified' WHERE r.name = '$1'"
}
state() { sql "SELECT state FROM locations WHERE id = '$1'"; }

for image in before during; do python3 Tests/e2e/make_image.py "$work/$image" "$image" --layers 3; done
push "$work/before:before" "$EU_API" readonly/before:one
wait_replicated 120
blobs=$(copies readonly/before eustorage)

# A location: pushes of its region go to the next one within seconds, and it still serves what it has.
ops locations set eustorage read-only
expect "state of eustorage" read-only "$(state eustorage)"
objects() { sql "SELECT count(*) FROM placements WHERE location = 'eustorage'"; }
held=$(objects)
sleep 8 # the registries look at the states every 5 s
push "$work/during:during" "$EU_API" readonly/during:one
wait_replicated 120
expect "copies of a push in eu, at us" "$blobs" "$(copies readonly/during usstorage)"
expect "the same at ap" "$blobs" "$(copies readonly/during apstorage)"
expect "the same at eu, which is read-only" 0 "$(copies readonly/during eustorage)"
expect "copies at eu altogether" "$held" "$(objects)"
pull "$EU_API" readonly/during:one "$work/pulled-during:one"
pull "$EU_API" readonly/before:one "$work/pulled-before:one"
sleep 5
[[ $(curl -sS -o /dev/null -w '%{http_code}' "$EU_HEALTH/health/region/eu") == 200 ]] || fail "eu is not healthy"
status=0
ops locations set eustorage draining >/dev/null || status=$?
expect "exit code of a state that cannot be set" 64 "$status"

# Active again it gets what it has missed.
ops locations set eustorage active
expect "state of eustorage" active "$(state eustorage)"
expect "copies at eu of what was pushed meanwhile" "$blobs" "$(copies readonly/during eustorage)"
status=0
ops locations list >"$work/list" || status=$?
grep -q '^eustorage *active' "$work/list" || fail "the list does not say so: $(<"$work/list")"

# A registry: every change is refused with a mark of its own, pulls and logins go on.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
REGION_NAME=us QUAY_DISTRIBUTED_STORAGE_PREFERENCE='usstorage eustorage apstorage' \
  QUAY_OVERRIDE_CONFIG='{"REGISTRY_STATE": "readonly"}' \
  "$bin/registry-api" serve --config "$CONFIG" --listen "127.0.0.1:$port" >"$work/registry.log" 2>&1 &
registry=$!
trap 'kill "$registry" 2>/dev/null || true; rm -rf "$work"' EXIT
answers() { [[ $(curl -sS -o /dev/null -w '%{http_code}' -u "$credentials" "http://127.0.0.1:$port/v2/") == 200 ]]; }
wait_for 30 "the read-only registry answers" answers
refused=$(curl -sS -u "$credentials" -w ' %{http_code}' -X POST "http://127.0.0.1:$port/v2/readonly/before/blobs/uploads/")
[[ $refused == *'"is_readonly":true'*' 405' ]] || fail "a push to a read-only registry is answered '$refused'"
say "a push to a read-only registry: $refused"
pull "http://127.0.0.1:$port" readonly/before:one "$work/pulled-again:one"
say "and a pull from it works"
kill "$registry"
wait "$registry" || true
