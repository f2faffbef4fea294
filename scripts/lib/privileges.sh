# shellcheck shell=bash
# Who runs what: commands that need root, and commands that refuse it. Sourced, never run.
set -euo pipefail

# may_be_root – true when `as_root` can work without asking a question nobody can answer.
may_be_root() {
  [[ $EUID -eq 0 ]] && return 0
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null || [[ -t 0 ]]
}

# as_root CMD… – run a command as root, through sudo when we are not root.
as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# raise_file_limit – as many open files as this user may have (Ceph and the API keep many).
raise_file_limit() {
  local hard
  hard=$(ulimit -Hn)
  [[ $hard == unlimited || $hard -gt 262144 ]] && hard=262144
  ulimit -n "$hard" 2>/dev/null || warn "the limit of open files stays at $(ulimit -n)"
}
