#!/usr/bin/env bash
# 2,000 sockets at a byte per ten seconds and 200 slow uploads of 1 GiB neither stop a normal client nor take the API's memory.
# Environment: SLOW_SOCKETS, SLOW_UPLOADS, SLOW_SECONDS, SLOW_RATE (bytes/s of an upload), SLOW_BOUND_MIB (peak memory)
source "$(dirname "$0")/lib.sh"

ulimit -n "$(ulimit -Hn)"
pid=$(<.run/pids/us-api.pid)
limit=$(awk '/^Max open files/ {print $4}' "/proc/$pid/limits")
sockets=${SLOW_SOCKETS:-2000} uploads=${SLOW_UPLOADS:-200}
((limit >= sockets + uploads + 300)) || fail "the API may only open $limit files: raise the hard limit, or lower SLOW_SOCKETS"
say "$sockets sockets at a byte per 10 s and $uploads uploads against $US_API (pid $pid)"
python3 Tests/clients/slow.py "$US_API" "$SUPERUSER" "$SUPERUSER_PASSWORD" --pid "$pid" --sockets "$sockets" \
  --uploads "$uploads" --seconds "${SLOW_SECONDS:-40}" --rate "${SLOW_RATE:-65536}" --bound-mib "${SLOW_BOUND_MIB:-400}" ||
  fail "slow clients did harm"
[[ $(<.run/pids/us-api.pid) == "$pid" && -d /proc/$pid ]] || fail "the API's process is another one now"
wait_for 30 "us is healthy" curl -fsS "$US_HEALTH/health/region/us"
say "the API is the same process and healthy"
