#!/usr/bin/env bash
# The configurations in deploy/ as they stand, with the simulation's addresses: pulls and pushes through each, a drained
# region gets nothing more and comes back, and with every health service down the pool of last resort serves.
source "$(dirname "$0")/lib.sh"

bin=${BIN:-.build/debug}
base=$(python3 - <<'PYTHON'
import socket
held = [socket.socket() for _ in range(4)]
for s in held: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in held])
PYTHON
)
read -r http_port http_statistics agent_port agent_statistics <<<"$base"
nginx_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
running=()
health() {
  REGION_NAME=us QUAY_DISTRIBUTED_STORAGE_PREFERENCE='usstorage eustorage apstorage' \
    "$bin/health-service" "$@" --config "$CONFIG" 2>>"$work/remarks"
}
finish() {
  local status=$?
  ((${#running[@]} == 0)) || kill "${running[@]}" 2>/dev/null || true
  health undrain us >/dev/null 2>&1 || true
  ((status == 0)) || tail -n 5 "$work"/*.log >&2 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

for region in US EU AP; do
  for kind in API HEALTH; do
    name=${region}_$kind
    export "MERIDIAN_$name=$(host_of "${!name}")"
  done
  name=${region}_AGENT
  export "MERIDIAN_${region}_AGENT_HOST=${!name%:*}" "MERIDIAN_${region}_AGENT_PORT=${!name##*:}"
done
column() { curl -sS "http://127.0.0.1:$1/;csv" | awk -F, -v pool="$2" -v region="$3" -v n="$4" '$1 == pool && $2 == region { print $n }'; }
state_is() { [[ $(column "$1" "$2" "$3" 18) == "$4"* ]]; }

MERIDIAN_LISTEN=127.0.0.1:$http_port MERIDIAN_STATISTICS=127.0.0.1:$http_statistics \
  haproxy -db -f deploy/haproxy/http-check.cfg >"$work/http-check.log" 2>&1 &
running+=("$!")
MERIDIAN_LISTEN=127.0.0.1:$agent_port MERIDIAN_STATISTICS=127.0.0.1:$agent_statistics \
  haproxy -db -f deploy/haproxy/agent-check.cfg >"$work/agent-check.log" 2>&1 &
running+=("$!")
balancers=("http-check http://127.0.0.1:$http_port" "agent-check http://127.0.0.1:$agent_port")
if command -v nginx >/dev/null; then
  mkdir -p "$work/nginx"
  sed -e "s|10.1.0.10:8080|$MERIDIAN_US_API|; s|10.2.0.10:8080|$MERIDIAN_EU_API|; s|10.3.0.10:8080|$MERIDIAN_AP_API|" \
    -e "s|10.1.0.10:8082|$MERIDIAN_US_HEALTH|; s|10.2.0.10:8082|$MERIDIAN_EU_HEALTH|; s|10.3.0.10:8082|$MERIDIAN_AP_HEALTH|" \
    -e "s|127.0.0.1:8443|127.0.0.1:$nginx_port|; s|/run/nginx.pid|$work/nginx/pid|; s|/var/cache/nginx|$work/nginx|" \
    -e "s|/var/log/nginx/error.log|$work/nginx.log|" deploy/nginx/nginx.conf >"$work/nginx.conf"
  chmod 755 "$work" "$work/nginx" # its workers are another user
  nginx -c "$work/nginx.conf" -e "$work/nginx.log" -g 'daemon off;' &
  running+=("$!")
  balancers+=("nginx http://127.0.0.1:$nginx_port")
elif [[ -n ${CI:-} ]]; then
  fail "nginx is not installed (scripts/install nginx)"
else
  say "nginx is not installed (scripts/install nginx): its configuration is left out"
fi
answers() { [[ $(curl -sS -o /dev/null -w '%{http_code}' -u "$credentials" "$1/v2/") == 200 ]]; }
# through WHAT: a push and a pull through each balancer.
through() {
  local entry name url
  for entry in "${balancers[@]}"; do
    read -r name url <<<"$entry"
    wait_for 15 "$name answers" answers "$url"
    push "$work/image:image" "$url" "balancers/$name-$1:one"
    pull "$url" "balancers/$name-$1:one" "$work/pulled-$name-$1:one"
  done
  say "$1: a push and a pull through ${#balancers[@]} balancers"
}
python3 Tests/e2e/make_image.py "$work/image" image --layers 2
wait_for 30 "us in the pool of http-check" state_is "$http_statistics" read us UP
wait_for 30 "us in the pool of agent-check" state_is "$agent_statistics" read us UP
through well
wait_replicated 120
# The store a pull is sent to tells which region has answered it.
digest=$(sql "SELECT b.digest FROM blobs b JOIN repository_blobs l ON l.blob = b.id JOIN repositories r ON r.id = l.repository
  WHERE r.name = 'balancers/http-check-well' ORDER BY b.size DESC LIMIT 1")
stores() {
  local entry name url
  for entry in "${balancers[@]}"; do
    read -r name url <<<"$entry"
    [[ $name == agent-check ]] || redirect_port "$url" balancers/http-check-well "$digest"
  done | sort -u | xargs
}
expect "the store pulls are sent to" "$(port_of "$US_STORE")" "$(stores)"

health drain us --reason 'trial of the e2e test' --for 5m >/dev/null
wait_for 15 "us out of http-check's pool of reads" state_is "$http_statistics" read us DOWN
wait_for 15 "us out of http-check's pool of writes" state_is "$http_statistics" write us DOWN
wait_for 15 "us drained in agent-check's pool of reads" state_is "$agent_statistics" read us DRAIN
wait_for 15 "us drained in agent-check's pool of writes" state_is "$agent_statistics" write us DRAIN
sleep 2 # nginx keeps a verdict for up to two seconds
expect "the store pulls are sent to while us is drained" "$(port_of "$EU_STORE")" "$(stores)"
before=$(column "$http_statistics" read us 49) before_agent=$(column "$agent_statistics" read us 49)
through drained
expect "reads of http-check that us got meanwhile" "$before" "$(column "$http_statistics" read us 49)"
expect "the same of agent-check" "$before_agent" "$(column "$agent_statistics" read us 49)"

health undrain us >/dev/null
wait_for 15 "us back in http-check's pool" state_is "$http_statistics" read us UP
wait_for 15 "us back in agent-check's pool" state_is "$agent_statistics" read us UP
sleep 2
expect "and afterwards" "$(port_of "$US_STORE")" "$(stores)"
through back

for region in us eu ap; do scripts/simulate stop "$region-health" >/dev/null; done
for pool in read write; do
  wait_for 20 "nobody left in http-check's pool of ${pool}s" state_is "$http_statistics" "$pool" ap DOWN
  wait_for 20 "nobody left in agent-check's pool of ${pool}s" state_is "$agent_statistics" "$pool" ap DOWN
done
sleep 2
through last-resort
(($(column "$http_statistics" everybody us 49) > 0)) || fail "http-check has not used its pool of last resort"
(($(column "$agent_statistics" everybody us 49) > 0)) || fail "agent-check has not used its pool of last resort"
for region in us eu ap; do scripts/simulate start "$region-health" >/dev/null; done
wait_for 30 "us back in http-check's pool" state_is "$http_statistics" read us UP
