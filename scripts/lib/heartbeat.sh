# shellcheck shell=bash
# Long commands that must not be silent. Sourced, never run.
set -euo pipefail

# with_heartbeat LOG CMD… – run CMD with its output appended to LOG; every 15 s say how long and the last line.
# Returns CMD's status. CMD stays in the foreground so that a question of sudo can still be answered.
with_heartbeat() {
  local log=$1 began=$SECONDS status=0 beat
  shift
  mkdir -p "$(dirname "$log")"
  touch "$log"
  (
    while sleep 15; do
      note "$((SECONDS - began)) s: $(last_line "$log")"
    done
  ) 9>&- &
  beat=$!
  "$@" >>"$log" 2>&1 9>&- || status=$?
  stop_beat "$beat"
  return "$status"
}

# showing_progress CMD… – run CMD showing all it prints; when it is silent for 25 s, a line says it still runs.
# On a terminal the command keeps the terminal, because it draws its own progress there.
showing_progress() {
  if [[ -t 1 ]]; then
    "$@"
    return
  fi
  local status=0
  local -a statuses
  set +e
  "$@" 2>&1 | pass_lines 25
  statuses=("${PIPESTATUS[@]}")
  set -e
  status=${statuses[0]}
  return "$status"
}

# pass_lines SECONDS – copy lines; after that long without one, say so.
pass_lines() {
  local line last='' began=$SECONDS status
  while true; do
    if IFS= read -r -t "$1" line; then
      printf '%s\n' "$line"
      last=$line
    else
      status=$?
      # Above 128 is the time-out; what `read` got of an unfinished line is kept with the next one only by bash ≥ 5.2,
      # so it is shown as it is. Any other status is the end.
      [[ -n $line ]] && printf '%s\n' "$line"
      ((status > 128)) || return 0
      note "still running, $((SECONDS - began)) s; last line: ${last:0:160}"
    fi
  done
}

# building_progress LOG CMD… – for compilers, which print a line per file: on a terminal as it is; otherwise into LOG
# with a heartbeat, and warnings and errors shown at the end when it failed.
building_progress() {
  local log=$1 status=0
  shift
  mkdir -p "$(dirname "$log")"
  if [[ -t 1 ]]; then
    "$@" 9>&- || status=$?
    return "$status"
  fi
  : >"$log"
  with_heartbeat "$log" "$@" || status=$?
  if ((status != 0)); then
    grep -E 'error:|warning: unre' "$log" | sort -u | head -n 40 >&2 || true
    tail -n 25 "$log" >&2
    warn "failed with status $status: $* (whole output: $log)"
  fi
  return "$status"
}

# last_line FILE – its last non-empty line, shortened.
last_line() {
  tail -c 4000 "$1" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-150
}

# stop_beat PID – end the heartbeat and its sleep.
stop_beat() {
  local -a tree
  mapfile -t tree < <(proc_tree "$1")
  kill "${tree[@]}" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
