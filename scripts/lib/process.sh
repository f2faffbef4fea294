# shellcheck shell=bash
# Background processes by name, below $RUN_DIR: pids/NAME.pid, logs/NAME.log. Sourced, never run.
#
# A pid alone may be recycled, so pids/NAME.started keeps the start time the kernel gave that process; a pid file whose
# process is gone or is somebody else counts as "not running".
set -euo pipefail

# proc_stat PID FIELD – a field of /proc/PID/stat counted after the command name (1 = state, 20 = start time).
proc_stat() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  cut -d ' ' -f "$2" <<<"$stat"
}

# proc_pid NAME – the pid of a live process of that name; fails when there is none.
proc_pid() {
  local file=$RUN_DIR/pids/$1.pid pid started state
  [[ -s $file ]] || return 1
  pid=$(<"$file")
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  state=$(proc_stat "$pid" 1) || return 1
  [[ $state != Z && $state != X ]] || return 1
  if [[ -s $RUN_DIR/pids/$1.started ]]; then
    started=$(<"$RUN_DIR/pids/$1.started")
    [[ $started == "$(proc_stat "$pid" 20)" ]] || return 1
  fi
  printf '%s\n' "$pid"
}

# proc_running NAME – true also for a process stopped by SIGSTOP.
proc_running() { proc_pid "$1" >/dev/null; }

# proc_suspended NAME – true when the process is stopped by a signal.
proc_suspended() {
  local pid
  pid=$(proc_pid "$1") || return 1
  [[ $(proc_stat "$pid" 1) == [Tt] ]]
}

# proc_names – every name that has a pid file.
proc_names() {
  local file
  for file in "$RUN_DIR"/pids/*.pid; do
    [[ -e $file ]] && basename "$file" .pid
  done
  return 0
}

# proc_start NAME CMD… – start in the background in a session of its own; returns once its pid is known.
# The new process writes its own pid and then becomes CMD, so no pid is ever lost, whatever happens to us.
proc_start() {
  local name=$1 deadline
  shift
  mkdir -p "$RUN_DIR/pids" "$RUN_DIR/logs"
  rm -f "$RUN_DIR/pids/$name.pid" "$RUN_DIR/pids/$name.started"
  printf -- '--- %s: starting %s\n' "$(date -u +%FT%TZ)" "$name" >>"$RUN_DIR/logs/$name.log"
  # shellcheck disable=SC2016  # expanded by the inner shell
  # Descriptor 9 is the lock of `simulate`: a daemon that inherited it would hold the lock for ever.
  # It is nobody's child (--fork): no zombie, and a bare `wait` of ours does not wait for it.
  setsid --fork bash -c 'echo $$ >"$1.new" && mv "$1.new" "$1" && shift && exec "$@"' _ "$RUN_DIR/pids/$name.pid" "$@" \
    </dev/null >>"$RUN_DIR/logs/$name.log" 2>&1 9>&-
  deadline=$((SECONDS + 10))
  until [[ -s $RUN_DIR/pids/$name.pid ]]; do
    ((SECONDS < deadline)) || die "$name did not start: see $RUN_DIR/logs/$name.log"
    sleep 0.02
  done
  # A process that ended at once leaves no start time; the readiness check then reports it.
  proc_stat "$(<"$RUN_DIR/pids/$name.pid")" 20 >"$RUN_DIR/pids/$name.started" || true
}

# proc_wait NAME SECONDS PROBE… – wait until PROBE succeeds; die when NAME ends first or the time is over.
proc_wait() {
  local name=$1 limit=$2 began=$SECONDS told=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! proc_running "$name"; then
      proc_last_words "$name"
      die "$name ended before it was ready; its log is $RUN_DIR/logs/$name.log"
    fi
    if ((SECONDS - began >= limit)); then
      proc_last_words "$name"
      die "$name was not ready after $limit s; its log is $RUN_DIR/logs/$name.log"
    fi
    if ((SECONDS - told >= 5)); then
      told=$SECONDS
      note "waiting for $name, $((SECONDS - began)) s"
    fi
    sleep 0.1
  done
}

# proc_last_words NAME – the end of its log, on standard error.
proc_last_words() {
  [[ -s $RUN_DIR/logs/$1.log ]] || return 0
  sed 's/^/    | /' < <(tail -n 12 "$RUN_DIR/logs/$1.log") >&2
}

# proc_tree PID – the pid and all its descendants (a database's children lead sessions of their own).
proc_tree() {
  local pid=$1 child
  printf '%s\n' "$pid"
  while read -r child; do
    proc_tree "$child"
  done < <(cat /proc/"$pid"/task/*/children 2>/dev/null | tr ' ' '\n' | grep .)
}

# proc_signal NAME SIGNAL – to the process; STOP and CONT go to its descendants too, as a frozen machine would.
proc_signal() {
  local pid signal=${2#SIG}
  local -a targets
  pid=$(proc_pid "$1") || return 1
  targets=("$pid")
  [[ $signal == STOP || $signal == CONT ]] && mapfile -t targets < <(proc_tree "$pid")
  # A descendant may have ended meanwhile: only the fate of the process itself matters.
  kill -s "$signal" "${targets[@]}" 2>/dev/null || proc_running "$1" || return 0
}

# proc_stop NAME [SIGNAL [GRACE_SECONDS]] – ask, wait, then kill the process and what is left of its descendants.
proc_stop() {
  local name=$1 signal=${2:-TERM} grace=${3:-15} pid deadline
  local -a tree
  if ! pid=$(proc_pid "$name"); then
    rm -f "$RUN_DIR/pids/$name.pid" "$RUN_DIR/pids/$name.started"
    return 0
  fi
  mapfile -t tree < <(proc_tree "$pid")
  # It may end between any two of these lines, which is what is wanted.
  proc_signal "$name" "$signal" || true
  proc_signal "$name" CONT || true
  deadline=$((SECONDS + grace))
  while proc_running "$name"; do
    if ((SECONDS >= deadline)); then
      warn "$name did not end within $grace s of SIG$signal: killing it"
      kill -s KILL "${tree[@]}" 2>/dev/null || true
      deadline=$((SECONDS + 5))
      while proc_running "$name" && ((SECONDS < deadline)); do sleep 0.05; done
      proc_running "$name" && die "$name (pid $pid) cannot be killed"
    fi
    sleep 0.05
  done
  rm -f "$RUN_DIR/pids/$name.pid" "$RUN_DIR/pids/$name.started"
}

# proc_kill NAME – as a crash would: SIGKILL to the process alone, then wait until its children have noticed.
proc_kill() {
  local pid deadline=$((SECONDS + 10))
  local -a tree
  pid=$(proc_pid "$1") || return 0
  mapfile -t tree < <(proc_tree "$pid")
  kill -s KILL "$pid" 2>/dev/null || true
  while ((SECONDS < deadline)); do
    proc_any_alive "${tree[@]}" || break
    sleep 0.02
  done
  ! proc_any_alive "${tree[@]}" || kill -s KILL "${tree[@]}" 2>/dev/null || true
  rm -f "$RUN_DIR/pids/$1.pid" "$RUN_DIR/pids/$1.started"
}

# proc_any_alive PID…
proc_any_alive() {
  local pid state
  for pid in "$@"; do
    state=$(proc_stat "$pid" 1) || continue
    [[ $state == [ZX] ]] || return 0
  done
  return 1
}

# proc_strays – pids of processes that write to this RUN_DIR's logs but have no pid file: started here, then lost. (Their
# environment would be a plainer mark, but Redis and PostgreSQL overwrite theirs with a title.)
proc_strays() {
  local name link pid known
  known=$(for name in $(proc_names); do proc_pid "$name" || true; done)
  for link in /proc/[0-9]*/fd/1; do
    # Other users' processes are not readable, and not ours.
    [[ $(readlink "$link" 2>/dev/null) == "$RUN_DIR"/logs/*.log ]] || continue
    pid=${link#/proc/} pid=${pid%%/*}
    grep -qx "$pid" <<<"$known" || printf '%s\n' "$pid"
  done
}

# proc_stop_strays – end them.
proc_stop_strays() {
  local stray
  for stray in $(proc_strays); do
    warn "stopping process $stray, left over from an interrupted start"
    kill -s KILL "$stray" 2>/dev/null || true
  done
}

# http_answers URL CODES… – one GET that must answer one of the codes.
http_answers() {
  local url=$1 code want
  shift
  code=$(curl --noproxy '*' --silent --output /dev/null --max-time 3 --write-out '%{http_code}' "$url") || return 1
  for want in "$@"; do [[ $code == "$want" ]] && return 0; done
  return 1
}
