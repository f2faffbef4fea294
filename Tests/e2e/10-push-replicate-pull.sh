#!/usr/bin/env bash
# An image pushed to us is pulled through eu at once from the source, and after replication from eu's own store.
source "$(dirname "$0")/lib.sh"

python3 Tests/e2e/make_image.py "$work/image" one --layers 9 --big-layer-bytes 629145600 --layer-bytes 300000
scripts/simulate stop eu-worker >/dev/null
push "$work/image:one" "$US_API" library/big:one
digest=$(sql "SELECT b.digest FROM blobs b ORDER BY size DESC LIMIT 1")
say "pushed 11 blobs, the largest $(sql "SELECT max(size) / 1048576 FROM blobs") MiB"
peak=$(peak_rss_mib us-api)
((peak < 200)) || fail "the API's peak RSS was $peak MiB"
say "peak RSS of the API: $peak MiB"

expect "before replication eu redirects to the store on port" "$(port_of "$US_STORE")" "$(redirect_port "$EU_API" library/big "$digest")"
pull "$EU_API" library/big:one "$work/before:one"
scripts/simulate start eu-worker >/dev/null
wait_replicated 300
expect "after replication eu redirects to the store on port" "$(port_of "$EU_STORE")" "$(redirect_port "$EU_API" library/big "$digest")"
pull "$EU_API" library/big:one "$work/after:one"
for worker in eu-worker ap-worker; do
  peak=$(peak_rss_mib "$worker")
  ((peak < 200)) || fail "the peak RSS of $worker was $peak MiB"
  say "peak RSS of $worker: $peak MiB"
done

count=0
while read -r blob; do
  check_store "$US_API" "$US_STORE" library/big "$blob"
  check_store "$EU_API" "$EU_STORE" library/big "$blob"
  check_store "$AP_API" "$AP_STORE" library/big "$blob"
  count=$((count + 1))
done < <(sql "SELECT b.digest FROM blobs b JOIN repository_blobs l ON l.blob = b.id JOIN repositories r ON r.id = l.repository WHERE r.name = 'library/big'")
expect "blobs that hash right in all three stores" 11 "$count"
