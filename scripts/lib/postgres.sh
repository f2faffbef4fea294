# shellcheck shell=bash
# A private PostgreSQL. Sourced, never run. It refuses to run as root: then it runs as the Debian user `postgres`.
set -euo pipefail

# postgres_bin PROGRAM – its path in the newest installed version.
postgres_bin() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/"$1" | sort -V | tail -n 1)
  [[ -x $newest ]] || die "PostgreSQL's server is not installed (no $1 below /usr/lib/postgresql)"
  printf '%s\n' "$newest"
}

# postgres_as CMD… – run as the user that owns the database. `setpriv` becomes the command, so its pid is the server's.
postgres_as() {
  if [[ $EUID -eq 0 ]]; then
    setpriv --reuid=postgres --regid=postgres --init-groups "$@"
  else
    "$@"
  fi
}

# postgres_dir DIR – the data folder to use for DIR: a place of its own below /var/tmp when we are root and the user
# `postgres` may not enter DIR's parents (a clone below /root, say).
postgres_dir() {
  local dir=$1
  if [[ $EUID -eq 0 ]]; then
    mkdir -p "$dir"
    if ! postgres_as test -x "$dir" 2>/dev/null && ! postgres_as ls -d "$(dirname "$dir")/." >/dev/null 2>&1; then
      dir=/var/tmp/meridian-$(cksum <<<"$dir" | cut -d ' ' -f 1)-postgres
    fi
  fi
  printf '%s\n' "$dir"
}

# postgres_create DIR USER PASSWORD – an empty cluster whose superuser is USER, once.
postgres_create() {
  local dir=$1 user=$2 password=$3
  [[ -s $dir/cluster/PG_VERSION ]] && return 0
  rm -rf "$dir/cluster"
  mkdir -p "$dir"
  [[ $EUID -eq 0 ]] && chown postgres:postgres "$dir"
  chmod 700 "$dir"
  (umask 077 && printf '%s\n' "$password" >"$dir/password")
  [[ $EUID -eq 0 ]] && chown postgres:postgres "$dir/password"
  (cd / && LC_ALL=C.UTF-8 postgres_as "$(postgres_bin initdb)" --pgdata="$dir/cluster" --username="$user" \
    --pwfile="$dir/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync) \
    >>"$RUN_DIR/logs/postgres.log" 2>&1 || die "initdb failed: see $RUN_DIR/logs/postgres.log"
  rm -f "$dir/password"
}

# postgres_start NAME DIR PORT [SETTING=VALUE…] – start the server as process NAME and wait until it answers.
postgres_start() {
  local name=$1 dir=$2 port=$3 setting
  local -a command
  shift 3
  command=("$(postgres_bin postgres)" -D "$dir/cluster" -p "$port" -c listen_addresses=127.0.0.1
    -c unix_socket_directories= -c max_connections=300 -c shared_buffers=256MB -c logging_collector=off
    -c max_wal_size=2GB -c log_min_messages=warning -c timezone=UTC -c log_timezone=UTC)
  for setting in "$@"; do command+=(-c "$setting"); done
  if [[ $EUID -eq 0 ]]; then
    command=(setpriv --reuid=postgres --regid=postgres --init-groups "${command[@]}")
  fi
  postgres_forget_dead "$dir/cluster"
  (cd / && LC_ALL=C.UTF-8 proc_start "$name" "${command[@]}")
  proc_wait "$name" 60 "$(postgres_bin pg_isready)" -q -h 127.0.0.1 -p "$port" -d postgres
}

# postgres_forget_dead CLUSTER – drop a lock file nobody holds: its pid may meanwhile be a zombie's or somebody else's, and
# PostgreSQL would refuse to start. Every process of a server has the data folder as its working directory: while one
# such process lives, the file stays and the server decides.
postgres_forget_dead() {
  local link
  [[ -e $1/postmaster.pid ]] || return 0
  for link in /proc/[0-9]*/cwd; do
    [[ $(readlink "$link" 2>/dev/null) == "$1" ]] && return 0
  done
  rm -f "$1/postmaster.pid"
}

# postgres_database PORT USER PASSWORD NAME – create the database NAME unless it exists.
postgres_database() {
  local exists
  exists=$(postgres_sql "$1" "$2" "$3" "SELECT 1 FROM pg_database WHERE datname = '$4'")
  [[ $exists == 1 ]] || postgres_sql "$1" "$2" "$3" "CREATE DATABASE \"$4\" ENCODING 'UTF8' TEMPLATE template0"
}

# postgres_sql PORT USER PASSWORD STATEMENT – the server's answer.
postgres_sql() {
  PGPASSWORD=$3 "$(postgres_bin psql)" -X -q -t -A -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$1" -U "$2" -d postgres -c "$4"
}

# postgres_standby_create DIR PRIMARY_PORT USER PASSWORD – a copy of the primary that follows it, once.
postgres_standby_create() {
  local dir=$1 log=$RUN_DIR/logs/postgres-standby.log
  [[ -s $dir/cluster/PG_VERSION ]] && return 0
  rm -rf "$dir/cluster"
  mkdir -p "$dir"
  [[ $EUID -eq 0 ]] && chown postgres:postgres "$dir"
  chmod 700 "$dir"
  (cd / && PGPASSWORD=$4 LC_ALL=C.UTF-8 postgres_as "$(postgres_bin pg_basebackup)" --pgdata="$dir/cluster" --write-recovery-conf \
    --checkpoint=fast --wal-method=stream --no-sync --host=127.0.0.1 --port="$2" --username="$3") >>"$log" 2>&1 ||
    die "the standby could not be made: see $log"
}

# postgres_await_standby PORT USER PASSWORD – from now on a commit is acknowledged only when the standby has it, too.
postgres_await_standby() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    [[ $(postgres_sql "$1" "$2" "$3" "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == 1 ]] && break
    sleep 0.1
  done
  ((tries < 100)) || die "the standby does not follow the primary: see $RUN_DIR/logs/postgres-standby.log"
  postgres_sql "$1" "$2" "$3" "ALTER SYSTEM SET synchronous_standby_names = '*'"
  postgres_sql "$1" "$2" "$3" 'SELECT pg_reload_conf()' >/dev/null
}

# postgres_promote DIR – make the standby a primary; the old one must be gone for good.
postgres_promote() {
  (cd / && LC_ALL=C.UTF-8 postgres_as "$(postgres_bin pg_ctl)" -D "$1/cluster" -w -t 30 promote) >>"$RUN_DIR/logs/postgres-standby.log" 2>&1 ||
    die "the standby could not be promoted: see $RUN_DIR/logs/postgres-standby.log"
}

# postgres_stop NAME – fast shutdown: sessions are ended, data is written (SIGTERM would wait for every client).
postgres_stop() { proc_stop "$1" INT 20; }
