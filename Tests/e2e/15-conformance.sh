#!/usr/bin/env bash
# The conformance suite notices what is wrong, and finds nothing wrong with two regions, by redirects and by proxying.
source "$(dirname "$0")/lib.sh"

results=${E2E_TMP:-$work}
python3 Tests/conformance/selftest.py >"$results/selftest.txt" || {
  grep -v '^noticed' "$results/selftest.txt" >&2
  fail "the suite does not notice what it must"
}
say "the suite itself: $(tail -n 1 "$results/selftest.txt")"

# conforms MODE URL...: runs every check, requests alternating between the URLs; shows what did not pass.
conforms() {
  local mode=$1 code=0
  shift
  Tests/conformance/run "$@" --user "$SUPERUSER" --password "$SUPERUSER_PASSWORD" --save "$results/$mode.json" \
    >"$results/$mode.txt" || code=$?
  awk '$3 == "fail" || $3 == "skip"' "$results/$mode.txt" | cut -c 1-300
  ((code == 0)) || broken+=("$mode")
  say "$mode mode: $(tail -n 1 "$results/$mode.txt")"
}

broken=()
conforms redirect "$US_API" "$EU_API"

# The second pair differs from the first by its ports and by FEATURE_PROXY_STORAGE alone.
mapfile -t ports < <(python3 - <<'PYTHON'
import random, socket
held = []
while len(held) < 2:
    port = random.randrange(27000, 32000)
    try:
        held.append(socket.create_server(("127.0.0.1", port)))
    except OSError:
        continue
print(*(one.getsockname()[1] for one in held), sep="\n")
PYTHON
)
sed -E "s/(127\.0\.0\.1):$(port_of "$US_API")\b/\1:${ports[0]}/; s/(127\.0\.0\.1):$(port_of "$EU_API")\b/\1:${ports[1]}/" \
  "$CONFIG" | grep -v '^FEATURE_PROXY_STORAGE:' >"$work/proxy.yaml"
echo 'FEATURE_PROXY_STORAGE: true' >>"$work/proxy.yaml"
chmod 600 "$work/proxy.yaml"

bin=${BIN:-$(dirname "$(readlink -f "/proc/$(cat .run/pids/us-api.pid)/exe")")}
started=()
trap '((${#started[@]} == 0)) || kill "${started[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
serve() {
  local region=$1 preference=$2 port=$3
  REGION_NAME=$region QUAY_DISTRIBUTED_STORAGE_PREFERENCE=$preference \
    "$bin/registry-api" serve --config "$work/proxy.yaml" --listen "127.0.0.1:$port" >"$results/proxy-$region.log" 2>&1 &
  started+=($!)
}
serve us "usstorage eustorage apstorage" "${ports[0]}"
serve eu "eustorage usstorage apstorage" "${ports[1]}"
for port in "${ports[@]}"; do
  wait_for 60 "an answer on port $port" curl -sS -o /dev/null "http://127.0.0.1:$port/v2/"
done
conforms proxy "http://127.0.0.1:${ports[0]}" "http://127.0.0.1:${ports[1]}"
((${#broken[@]} == 0)) || fail "checks fail in ${broken[*]} mode"
