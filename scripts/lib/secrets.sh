# shellcheck shell=bash
# Generated secrets. Sourced, never run.
set -euo pipefail

# random_text LENGTH – letters and digits from the kernel's generator.
random_text() {
  local text=''
  while ((${#text} < $1)); do
    text+=$(head -c 256 /dev/urandom | base64 -w 0 | tr -dc 'A-Za-z0-9')
  done
  printf '%s\n' "${text:0:$1}"
}
