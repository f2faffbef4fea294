# shellcheck shell=bash
# The global load balancer of the simulation. Sourced, never run.
set -euo pipefail

# haproxy_start CONFIG_FILE PORT – start `lb` and wait until it listens (its backends may still be down).
haproxy_start() {
  haproxy -c -q -f "$1" >>"$RUN_DIR/logs/lb.log" 2>&1 || die "haproxy refuses $1: see $RUN_DIR/logs/lb.log"
  proc_start lb haproxy -db -f "$1"
  proc_wait lb 20 tcp_answers "$2"
}

# tcp_answers PORT – something accepts connections there.
tcp_answers() { timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1" 2>/dev/null; }
