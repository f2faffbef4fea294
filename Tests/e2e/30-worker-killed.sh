#!/usr/bin/env bash
# A worker killed in the middle of a copy loses nothing: the next one finishes the job.
source "$(dirname "$0")/lib.sh"

python3 Tests/e2e/make_image.py "$work/image" killed --layers 2 --big-layer-bytes 800000000
scripts/simulate stop eu-worker >/dev/null
push "$work/image:killed" "$US_API" library/killed:one
scripts/simulate start eu-worker >/dev/null
leased() { [[ $(sql "SELECT count(*) FROM jobs j JOIN blobs b ON b.id = j.blob WHERE b.size > 700000000 AND j.target = 'eustorage' AND j.state = 'leased'") == 1 ]]; }
wait_for 30 "eu's worker has begun the large copy" leased
scripts/simulate stop eu-worker --signal KILL >/dev/null
expect "placements of the large blob at eu right after the kill" 0 \
  "$(sql "SELECT count(*) FROM placements p JOIN blobs b ON b.id = p.blob WHERE b.size > 700000000 AND p.location = 'eustorage'")"
scripts/simulate start eu-worker >/dev/null
wait_replicated 240
while read -r blob; do
  check_store "$EU_API" "$EU_STORE" library/killed "$blob"
done < <(sql "SELECT b.digest FROM blobs b WHERE b.size > 700000000")
say "the job completed after the restart and the copy hashes right"
