# shellcheck shell=bash
# Everything a script of Meridian shares. Sourced, never run; MERIDIAN_ROOT is the top of the repository.
set -euo pipefail

MERIDIAN_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export MERIDIAN_ROOT
: "${RUN_DIR:=$MERIDIAN_ROOT/.run}"

for _part in progress privileges secrets ports process heartbeat toolchain packages postgres redis ceph haproxy; do
  # shellcheck source=/dev/null
  source "$MERIDIAN_ROOT/scripts/lib/$_part.sh"
done
unset _part
