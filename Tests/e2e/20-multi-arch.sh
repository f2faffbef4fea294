#!/usr/bin/env bash
# A multi-architecture index goes through us and comes out of ap with every platform and the same digest.
source "$(dirname "$0")/lib.sh"

python3 Tests/e2e/make_image.py "$work/image" multi --platforms amd64,arm64,s390x --layers 8 --layer-bytes 50000
push "$work/image:multi" "$US_API" team/app:multi --all
wait_replicated 120
pull "$AP_API" team/app:multi "$work/copy:multi" --all
wanted=$(jq -r '.manifests[0].digest' "$work/image/index.json")
expect "index digest through ap" "$wanted" "$(jq -r '.manifests[0].digest' "$work/copy/index.json")"
expect "index digest by HEAD through the load balancer" "$wanted" \
  "$(api -I "$GLOBAL_URL/v2/team/app/manifests/multi" | tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" {print $2}')"
diff <(cd "$work/image/blobs/sha256" && find . -type f | sort) <(cd "$work/copy/blobs/sha256" && find . -type f | sort) ||
  fail "the copy holds other blobs"
say "all $(find "$work/copy/blobs/sha256" -type f | wc -l) blobs are there"
expect "tags" '["multi"]' "$(api "$EU_API/v2/team/app/tags/list" | jq -c .tags)"
