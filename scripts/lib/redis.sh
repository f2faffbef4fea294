# shellcheck shell=bash
# A private Redis without persistence: it holds only what the database can rebuild (D1). Sourced, never run.
set -euo pipefail

# redis_start DIR PORT – start `redis` and wait until it answers.
redis_start() {
  mkdir -p "$1"
  proc_start redis redis-server --port "$2" --bind 127.0.0.1 --dir "$1" --save '' --appendonly no \
    --daemonize no --maxclients 4000 --unixsocket ''
  proc_wait redis 30 redis_answers "$2"
}

# redis_answers PORT
redis_answers() { [[ $(timeout 2 redis-cli -h 127.0.0.1 -p "$1" ping 2>/dev/null) == PONG ]]; }
