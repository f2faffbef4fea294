#!/usr/bin/env bash
# Bad input gets one clear line or the right OCI error, and nothing is written.
source "$(dirname "$0")/lib.sh"

bin=$(dirname "$(readlink -f "/proc/$(cat .run/pids/us-api.pid)/exe")")
# refuses NAME NEEDLE SED_EXPRESSION [ENVIRONMENT...]: serve must end with one line holding NEEDLE.
refuses() {
  local name=$1 needle=$2 edit=$3 output code=0
  shift 3
  sed -E "$edit" "$CONFIG" >"$work/config.yaml"
  chmod 600 "$work/config.yaml"
  output=$(env "$@" timeout 60 "$bin/registry-api" serve --config "$work/config.yaml" --listen 127.0.0.1:20999 2>&1 >/dev/null) || code=$?
  ((code != 0 && code != 124)) || fail "$name: ended with $code"
  grep -q -- "$needle" <<<"$output" || fail "$name: no '$needle' in: $output"
  [[ $(grep -vc '^{' <<<"$output") -le 1 ]] || fail "$name: more than one line: $output"
  ! grep -q "$SUPERUSER_PASSWORD" <<<"$output" || fail "$name: the password was printed"
  say "$name: $(grep -v '^{' <<<"$output" | head -1) (exit $code)"
}
own=(REGION_NAME=us QUAY_DISTRIBUTED_STORAGE_PREFERENCE="usstorage eustorage apstorage")
refuses "unknown location id" marsstorage 's/x/x/' REGION_NAME=us QUAY_DISTRIBUTED_STORAGE_PREFERENCE="marsstorage usstorage"
refuses "empty preference" PREFERENCE '/^DISTRIBUTED_STORAGE_PREFERENCE/,/^[^ -]/{/^ *-/d}; s/^DISTRIBUTED_STORAGE_PREFERENCE:.*/DISTRIBUTED_STORAGE_PREFERENCE: []/' REGION_NAME=us QUAY_DISTRIBUTED_STORAGE_PREFERENCE=" "
refuses "wrong database password" "password" 's|(DB_URI: *"?postgres[a-z+0-9]*://[^:/@]+):[^@]*@|\1:not-the-password@|' "${own[@]}"
if grep -q bucket_name "$CONFIG"; then
  refuses "bucket that does not exist" "no-such-bucket" 's/(bucket_name"?: *"?)[a-z]+storage/\1no-such-bucket/' "${own[@]}"
fi

before=$(sql "SELECT (SELECT count(*) FROM blobs), (SELECT count(*) FROM placements), (SELECT count(*) FROM jobs)")
location=$(api -X POST -o /dev/null -D - "$US_API/v2/library/refused/blobs/uploads/" | tr -d '\r' | awk 'tolower($1) == "location:" {print $2}')
[[ $location == http* ]] || location="$US_API$location"
separator='?'
[[ $location == *\?* ]] && separator='&'
wrong=sha256:$(printf 'other bytes' | sha256sum | cut -d' ' -f1)
code=$(curl -sS -u "$credentials" -o "$work/body" -w '%{http_code}' -X PUT -H 'Content-Type: application/octet-stream' \
  --data-binary 'these bytes' "$location${separator}digest=$wrong")
expect "wrong digest: status and code" "400 DIGEST_INVALID" "$code $(jq -r '.errors[0].code' "$work/body")"
expect "blobs, placements and jobs after the refusals" "$before" \
  "$(sql "SELECT (SELECT count(*) FROM blobs), (SELECT count(*) FROM placements), (SELECT count(*) FROM jobs)")"
code=$(curl -sS -o "$work/body" -w '%{http_code}' "$US_API/v2/")
expect "no credentials: status and code" "401 UNAUTHORIZED" "$code $(jq -r '.errors[0].code' "$work/body")"
