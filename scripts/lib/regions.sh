# shellcheck shell=bash
# The simulation's regions, process names and ports. Sourced, never run.
set -euo pipefail

readonly REGIONS=(us eu ap)

# port_of NAME – the port a process of the simulation listens on (a worker: its metrics); fails for those that listen on none.
port_of() {
  local -A region_offset=([us]=20 [eu]=30 [ap]=40)
  local region=${1%%-*}
  case $1 in
    lb) echo $((PORT_BASE + 0)) ;;
    lb-stats) echo $((PORT_BASE + 1)) ;;
    postgres) echo $((PORT_BASE + 10)) ;;
    redis) echo $((PORT_BASE + 11)) ;;
    postgres-standby) echo $((PORT_BASE + 13)) ;;
    ceph-mon) echo $((PORT_BASE + 12)) ;;
    osd-first) echo $((PORT_BASE + 50)) ;;
    osd-last) echo $((PORT_BASE + 89)) ;;
    us-store | eu-store | ap-store) echo $((PORT_BASE + region_offset[$region])) ;;
    us-api | eu-api | ap-api) echo $((PORT_BASE + region_offset[$region] + 1)) ;;
    us-health | eu-health | ap-health) echo $((PORT_BASE + region_offset[$region] + 2)) ;;
    us-worker | eu-worker | ap-worker) echo $((PORT_BASE + region_offset[$region] + 3)) ;;
    us-proxy | eu-proxy | ap-proxy) echo $((PORT_BASE + region_offset[$region] + 4)) ;;
    us-proxy-control | eu-proxy-control | ap-proxy-control) echo $((PORT_BASE + region_offset[$region] + 5)) ;;
    us-agent | eu-agent | ap-agent) echo $((PORT_BASE + region_offset[$region] + 6)) ;;
    *) return 1 ;;
  esac
}

# url_of NAME
url_of() { printf 'http://127.0.0.1:%s\n' "$(port_of "$1")"; }

# store_port REGION – where Meridian and its clients reach the region's store: its fault proxy's port where it has one.
store_port() {
  if [[ " $STORE_PROXIES " == *" $1 "* ]]; then port_of "$1-proxy"; else port_of "$1-store"; fi
}

# preference_of REGION – its own location first, then the others in order.
preference_of() {
  local other
  local -a list=("$1storage")
  for other in "${REGIONS[@]}"; do
    [[ $other == "$1" ]] || list+=("${other}storage")
  done
  echo "${list[*]}"
}

# service_names – what others wrote: database, queue, stores, balancer, in the order they start.
service_names() {
  local region
  echo postgres
  if [[ -n $STANDBY ]]; then echo postgres-standby; fi
  echo redis
  if [[ $STORE == ceph ]]; then printf '%s\n' ceph-mon ceph-osd us-store eu-store ap-store; fi
  for region in $STORE_PROXIES; do echo "$region-proxy"; done
  echo lb
}

# region_names – Meridian's own processes, in the order they start.
region_names() {
  local region
  for region in "${REGIONS[@]}"; do
    printf '%s\n' "$region-api" "$region-worker" "$region-health"
  done
}

# is_name NAME – one of the simulation's processes.
is_name() { grep -qx -- "$1" <<<"$(service_names && region_names)"; }
