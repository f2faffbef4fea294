# What the end-to-end stories share: the running simulation's addresses, waiting, and checks that say what they saw.
# Sourced, not run. Needs a running `scripts/simulate up`.
# shellcheck shell=bash
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
if [[ ! -f .run/regions.env ]]; then
  echo "no simulation is running: scripts/simulate up" >&2
  exit 1
fi
set -a
# shellcheck source=/dev/null
source .run/regions.env
set +a
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
credentials="$SUPERUSER:$SUPERUSER_PASSWORD"

say() { printf '  %s\n' "$*"; }
fail() {
  printf '  FAILED: %s\n' "$*" >&2
  exit 1
}
# expect WHAT WANTED SEEN: fails unless both texts are the same.
expect() {
  [[ "$2" == "$3" ]] || fail "$1: expected '$2', saw '$3'"
  say "$1: $3"
}
host_of() { sed -E 's|^[a-z]+://([^/]+).*|\1|' <<<"$1"; }
port_of() { sed -E 's|^[a-z]+://[^/:]+:([0-9]+).*|\1|' <<<"$1"; }
sql() { psql -qAt -v ON_ERROR_STOP=1 "$POSTGRES_URL" -c "$1"; }
api() { curl -sS --fail-with-body -u "$credentials" "$@"; }
# push LAYOUT:TAG API_URL NAME:TAG [skopeo options]
push() {
  local source=$1 target=$2 name=$3
  shift 3
  skopeo copy --quiet --dest-tls-verify=false --dest-creds "$credentials" "$@" "oci:$source" "docker://$(host_of "$target")/$name" >/dev/null
}
# pull API_URL NAME:TAG FOLDER [skopeo options]
pull() {
  local source=$1 name=$2 folder=$3
  shift 3
  skopeo copy --quiet --src-tls-verify=false --src-creds "$credentials" "$@" "docker://$(host_of "$source")/$name" "oci:$folder" >/dev/null
}
open_jobs() { sql "SELECT count(*) FROM jobs WHERE state NOT IN ('done')"; }
# wait_for SECONDS WHAT COMMAND...: polls until the command succeeds.
wait_for() {
  local seconds=$1 what=$2 until=$((SECONDS + $1))
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < until)) || fail "not within ${seconds} s: $what"
    sleep 0.2
  done
}
replicated() { [[ $(open_jobs) == 0 ]]; }
wait_replicated() { wait_for "${1:-120}" "everything replicated (open jobs: $(open_jobs))" replicated; }
peak_rss_mib() { awk '/^VmHWM/ {print int($2 / 1024)}' "/proc/$(cat ".run/pids/$1.pid")/status"; }
# redirect_port API_URL REPOSITORY DIGEST: the port of the store a pull is sent to.
redirect_port() {
  port_of "$(api -o /dev/null -w '%{redirect_url}' "$1/v2/$2/blobs/$3")"
}
# check_store API_URL STORE_URL REPOSITORY DIGEST: the region's own store holds exactly these bytes.
check_store() {
  local url
  url=$(api -o /dev/null -w '%{redirect_url}' "$1/v2/$3/blobs/$4")
  [[ $(port_of "$url") == "$(port_of "$2")" ]] || fail "$4 is served from port $(port_of "$url"), not from $2"
  [[ "sha256:$(curl -sS --fail "$url" | sha256sum | cut -d' ' -f1)" == "$4" ]] || fail "$4 has other bytes at $2"
}
