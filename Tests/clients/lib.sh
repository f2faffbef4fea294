# What the client scripts share: arguments, clients kept below .run, images, and checks that say what they saw.
# Sourced, not run. After it: url, user, password, pull_url, host, pull_host (no scheme), work (removed at the end), name.
# shellcheck shell=bash
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
client=$(basename "$0")
# Where Tests/clients/install puts what the system's packages do not have.
clients_folder=${MERIDIAN_RUN_DIR:-$root/.run}/clients
PATH=$clients_folder/root/usr/bin:$PATH:/usr/sbin:/sbin
no_proxy=127.0.0.1,localhost${no_proxy:+,$no_proxy}
NO_PROXY=$no_proxy
export PATH no_proxy NO_PROXY

say() { printf '  %s\n' "$*"; }
fail() {
  printf '  FAILED: %s: %s\n' "$client" "$*" >&2
  exit 1
}
skip() {
  printf '  SKIPPED: %s: %s\n' "$client" "$*"
  exit 77
}
# needs COMMAND…: skips where one of them is missing.
needs() {
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || skip "$command is not installed (Tests/clients/install may get it)"
  done
}
# same WHAT WANTED SEEN
same() {
  [[ "$2" == "$3" ]] || fail "$1: expected '$2', saw '$3'"
  say "$1: ${3:0:80}"
}
# run COMMAND…: its output is only shown where it fails.
run() {
  "$@" >"$work/log" 2>&1 || {
    tail -n 15 "$work/log" >&2
    fail "${*//"$password"/…} ended with an error"
  }
}
# refused COMMAND…: must end with an error.
refused() {
  if "$@" >"$work/log" 2>&1; then fail "was not refused: ${*//"$password"/…}"; fi
}
# make_image FOLDER TAG [options]: an OCI layout with random layers.
make_image() { python3 "$root/Tests/e2e/make_image.py" "$@"; }
layout_digest() { jq -r '.manifests[0].digest' "$1/index.json"; }
# same_blobs FOLDER FOLDER: two OCI layouts hold the same bytes under the same digests.
same_blobs() {
  local blob
  diff <(cd "$1/blobs/sha256" && find . -type f | sort) <(cd "$2/blobs/sha256" && find . -type f | sort) >&2 ||
    fail "$2 holds other blobs than $1"
  for blob in "$2"/blobs/sha256/*; do
    [[ $(sha256sum <"$blob" | cut -d' ' -f1) == "$(basename "$blob")" ]] || fail "$blob has other bytes than its name says"
  done
}
# served_digest URL REPOSITORY REFERENCE: what the manifest's bytes hash to, asked with a plain GET.
served_digest() {
  local token
  token=$(bearer "$1" "$2")
  curl -sS --fail-with-body ${token:+-H "Authorization: Bearer $token"} -o "$work/served" \
    -H 'Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json' \
    -H 'Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json' \
    "$1/v2/$2/manifests/$3" || fail "GET $2:$3 from $1 failed"
  printf 'sha256:%s\n' "$(sha256sum "$work/served" | cut -d' ' -f1)"
}
# bearer URL REPOSITORY: a token to pull, or nothing where the registry asks for none.
bearer() {
  local challenge realm service
  challenge=$(curl -sS -o /dev/null -D - "$1/v2/" | tr -d '\r' | grep -i '^www-authenticate: bearer' || true)
  [[ -n $challenge ]] || return 0
  realm=$(sed -E 's/.*realm="([^"]*)".*/\1/' <<<"$challenge")
  service=$(sed -E 's/.*service="([^"]*)".*/\1/' <<<"$challenge")
  printf 'user = "%s:%s"\n' "$user" "$password" |
    curl -sS --fail -K - -G "$realm" --data-urlencode "service=$service" --data-urlencode "scope=repository:$2:pull" |
    jq -r '.access_token // .token'
}

if (($# < 3 || $# > 4)); then
  echo "usage: Tests/clients/$client URL USER PASSWORD [PULL_URL]" >&2
  exit 2
fi
url=${1%/} user=$2 password=$3 pull_url=${4:-$1}
pull_url=${pull_url%/}
# shellcheck disable=SC2034  # for the scripts
host=${url#*://} pull_host=${pull_url#*://}
unique=$client-$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
# shellcheck disable=SC2034  # for the scripts
name=clients/$unique
# Lower case throughout: podman makes image names of paths.
work=${TMPDIR:-/tmp}/meridian-$unique
mkdir -m 700 "$work"
trap 'rm -rf "$work"' EXIT
# No client reads or writes what the user keeps at home.
export HOME=$work/home XDG_RUNTIME_DIR=$work/runtime
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
unset DOCKER_CONFIG REGISTRY_AUTH_FILE
