# shellcheck shell=bash
# Everything Meridian's scripts share. Sourced, never run.
# With pipefail a reader that stops early (grep -q, head) can fail its writer: such readers get here-strings.
set -euo pipefail

MERIDIAN_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export MERIDIAN_ROOT
# Where the simulation keeps its state; the tests' own servers use a folder of their own.
# shellcheck disable=SC2034  # used by every other part
RUN_DIR=${MERIDIAN_RUN_DIR:-$MERIDIAN_ROOT/.run}

# Servers live in sbin, which is not in every user's PATH; and nothing on loopback ever goes through a proxy.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
no_proxy=127.0.0.1,localhost${no_proxy:+,$no_proxy}
NO_PROXY=$no_proxy
export PATH no_proxy NO_PROXY

for _part in progress privileges secrets ports process heartbeat toolchain packages build \
  postgres redis ceph openstack haproxy regions settings balancer; do
  # shellcheck source=/dev/null
  source "$MERIDIAN_ROOT/scripts/lib/$_part.sh"
done
unset _part
