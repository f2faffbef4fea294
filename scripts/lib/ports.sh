# shellcheck shell=bash
# Loopback ports, always below 32768 (above begins the ephemeral range). Sourced, never run.
set -euo pipefail

# ports_in_use [STATES] – every local TCP port in use, in hexadecimal, one per line; without those in STATES (a pattern
# of the kernel's numbers).
ports_in_use() {
  local tables=(/proc/net/tcp)
  [[ -r /proc/net/tcp6 ]] && tables+=(/proc/net/tcp6)
  awk -v without="^(${1:-none})\$" '$4 !~ without && $2 ~ /:/ { n = split($2, part, ":"); print part[n] }' "${tables[@]}" | sort -u
}

# port_is_free PORT – nothing that hinders a server from listening there. What a killed server leaves behind does not:
# connections that are ending (FIN_WAIT, TIME_WAIT, CLOSE, LAST_ACK, CLOSING), for as long as the other side holds them.
port_is_free() {
  local hex
  hex=$(printf '%04X' "$1")
  ! grep -qx "$hex" <<<"$(ports_in_use '04|05|06|07|09|0B')"
}

# port_owner PORT – who listens there, as far as this user may know.
port_owner() {
  local owner=''
  if command -v ss >/dev/null; then
    owner=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n '1s/.*users:((\(.*\)))$/\1/p')
  fi
  printf '%s' "${owner:-another process}"
}

# free_port_block COUNT – the first port of COUNT consecutive free ports.
free_port_block() {
  local count=$1 used base port attempt
  used=$(ports_in_use)
  for ((attempt = 0; attempt < 200; attempt++)); do
    base=$((25000 + (RANDOM * 32768 + RANDOM) % (7700 - count)))
    for ((port = base; port < base + count; port++)); do
      grep -qx "$(printf '%04X' "$port")" <<<"$used" && continue 2
    done
    printf '%d\n' "$base"
    return 0
  done
  die "no $count consecutive free ports between 25000 and 32700"
}
