#!/usr/bin/env bash
# The store of the region that serves is killed under a pull loop through the balancer: only requests in flight fail, among
# them those sent to the store within the quarter of a second that a redirect is good for, and no pull does; the region goes
# out and comes back by itself. Then an operator drains it and brings it back, and no request fails at all.
source "$(dirname "$0")/lib.sh"

bin=${BIN:-.build/debug}
statistics=http://127.0.0.1:$(($(port_of "$GLOBAL_URL") + 1))
clients=4
health() {
  REGION_NAME=us QUAY_DISTRIBUTED_STORAGE_PREFERENCE='usstorage eustorage apstorage' \
    "$bin/health-service" "$@" --config "$CONFIG" 2>>"$work/remarks"
}
# column POOL REGION NUMBER: a field of HAProxy's statistics (18 is the state, 49 the requests served).
column() { curl -sS "$statistics/;csv" | awk -F, -v pool="$1" -v region="$2" -v n="$3" '$1 == pool && $2 == region { print $n }'; }
state_is() { [[ $(column "$1" "$2" 18) == "$3"* ]]; }
verdict_is() { [[ $(curl -sS -o /dev/null -w '%{http_code}' "$1/health/region/us?for=${3:-read}") == "$2" ]]; }
# agent QUESTION: what an agent check is told in us.
agent() {
  local line
  exec 8<>"/dev/tcp/${US_AGENT/://}"
  printf '%s\n' "$1" >&8
  IFS= read -r -t 5 line <&8
  exec 8>&-
  printf '%s' "$line"
}
agent_says() { [[ $(agent "$1") == "$2" ]]; }
seconds_since() { python3 -c 'import sys, time; print(f"{time.time() - float(sys.argv[1]):.1f} s")' "$1"; }

# begin_pulls / end_pulls: the loop; after the end $work/pulls.json says what was seen.
begin_pulls() {
  rm -f "$work/stop" "$work/pulls.json"
  CREDENTIALS=$credentials python3 Tests/e2e/pull_loop.py "$GLOBAL_URL" health/image one --clients "$clients" \
    --stop "$work/stop" --out "$work/pulls.json" &
  loop=$!
}
end_pulls() {
  touch "$work/stop"
  wait "$loop"
}
finish() {
  touch "$work/stop" 2>/dev/null || true
  health undrain us >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

python3 Tests/e2e/make_image.py "$work/image" image --layers 3
push "$work/image:image" "$GLOBAL_URL" health/image:one
wait_replicated 120
for pool in read write; do wait_for 60 "us in the pool $pool" state_is "$pool" us UP; done
expect "what an agent check is told" 'ready up 100%' "$(agent 'us read')"

begin_pulls
sleep 5
before=$(column read us 49)
((before > 20)) || fail "us has served only $before requests"
kill -KILL "$(<.run/pids/us-store.pid)"
killed=$(date +%s.%N)
wait_for 30 "us out of the pool of reads" state_is read us DOWN
out=$(seconds_since "$killed")
wait_for 10 "eu says the same of us" verdict_is "$EU_HEALTH" 503
for region in eu ap; do
  url=${region^^}_HEALTH
  [[ $(curl -sS -o /dev/null -w '%{http_code}' "${!url}/health/region/$region") == 200 ]] || fail "$region turned red as well"
done
state_is write us DOWN || wait_for 10 "us out of the pool of writes" state_is write us DOWN
agent_says 'us read' 'ready down #component_failed' || fail "an agent check is told '$(agent 'us read')'"
sleep 3
served=$(column read eu 49)
sleep 2
(($(column read eu 49) > served)) || fail "eu serves nothing"
say "us out $out after its store was killed; eu serves"

started=$(date +%s.%N)
scripts/simulate start us-store >/dev/null
wait_for 60 "us back in the pool of reads" state_is read us UP
say "us back $(seconds_since "$started") after its store was started (that takes a few seconds itself)"
wait_for 10 "us back in the pool of writes" state_is write us UP
served=$(column read us 49)
sleep 2
(($(column read us 49) > served)) || fail "us does not serve again"
end_pulls
python3 - "$work/pulls.json" "$killed" <<'PYTHON'
import json, sys
seen, killed = json.load(open(sys.argv[1])), float(sys.argv[2])
flight = sum(1 for began, ended in seen["spans"] if began <= killed <= ended)
late = [failure["began"] - killed for failure in seen["failed"]]
slowest = max(ended - began for began, ended in seen["spans"])
print(f"  {seen['pulls']} pulls, {seen['failed_pulls']} failed; of {seen['requests']} requests {len(late)} failed, begun "
      f"{min(late, default=0):+.2f} to {max(late, default=0):+.2f} s from the kill, {flight} in flight at it; slowest {slowest:.1f} s")
if seen["failed_pulls"] or max(late, default=0) > 0.5:
    for failure in seen["failed"]:
        print(f"    {failure['began'] - killed:+.2f} s: {failure['what']}: {failure['error'][:150]}")
    sys.exit("  FAILED: more than the requests in flight have failed")
PYTHON

# A drain: nothing fails, the balancer turns away, pushes go elsewhere too; then back.
begin_pulls
sleep 2
drained=$(date +%s.%N)
health drain us --reason 'trial of the e2e test' --for 5m >/dev/null
wait_for 15 "us out of the pool of reads" state_is read us DOWN
wait_for 10 "us out of the pool of writes" state_is write us DOWN
say "us out $(seconds_since "$drained") after the order"
wait_for 10 "eu knows of it" verdict_is "$EU_HEALTH" 503
expect "what an agent check is told" drain "$(agent 'us read')"
python3 Tests/e2e/make_image.py "$work/second" second --layers 2
push "$work/second:second" "$GLOBAL_URL" health/second:one
back=$(date +%s.%N)
health undrain us >/dev/null
wait_for 15 "us back in the pool of reads" state_is read us UP
wait_for 10 "us back in the pool of writes" state_is write us UP
say "us back $(seconds_since "$back") after the order"
expect "what an agent check is told" 'ready up 100%' "$(agent 'us read')"

# Pushes alone.
health drain us --reason 'pushes only' --write --for 5m >/dev/null
wait_for 15 "us out of the pool of writes" state_is write us DOWN
state_is read us UP || fail "us is out of the pool of reads as well"
expect "what an agent check is told of reads" 'ready up 100%' "$(agent 'us read')"
health undrain us >/dev/null
wait_for 15 "us back in the pool of writes" state_is write us UP

# Every health service gone: pulls go on through the pool of last resort.
for region in us eu ap; do scripts/simulate stop "$region-health" >/dev/null; done
wait_for 10 "nobody left in the pool of reads" state_is read ap DOWN
sleep 2
pull "$GLOBAL_URL" health/image:one "$work/last-resort:one"
say "with every health service down a pull still works"
for region in us eu ap; do scripts/simulate start "$region-health" >/dev/null; done
wait_for 30 "us back in the pool of reads" state_is read us UP
end_pulls
failed=$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["failed"]))' "$work/pulls.json")
expect "requests that failed from the drain on" 0 "$failed"
