# shellcheck shell=bash
# Debian packages: which are needed for what, and installing the missing ones. Sourced, never run.
set -euo pipefail

# Package lists by purpose; `packages_for PURPOSE…` joins them.
packages_of() {
  case $1 in
    build) echo libpq-dev libhiredis-dev libssl-dev libcurl4-openssl-dev pkg-config ;;
    services) echo postgresql redis-server curl openssl ;;
    ceph) echo ceph-mon ceph-osd radosgw ceph-common ;;
    # Without python3-swiftclient, which would put a Python script called `swift` in the way of the toolchain.
    openstack) echo swift-proxy swift-account swift-container swift-object memcached curl ;;
    balancer) echo haproxy ;;
    browser) echo chromium fonts-dejavu-core python3 ;;
    # The second balancer configuration that is tested; Debian starts it on port 80 where it may.
    nginx) echo nginx-light ;;
    clients) echo skopeo umoci jq curl python3 ;;
    lint) echo shellcheck ;;
    faults) echo libfaketime ;;
    bench) echo docker-registry wrk skopeo jq curl ;;
    *) die "no such package list: $1" ;;
  esac
}

# packages_missing PURPOSE… – the packages of those lists that are not installed, on one line.
packages_missing() {
  local purpose package
  local -A seen=()
  local -a missing=()
  for purpose in "$@"; do
    for package in $(packages_of "$purpose"); do
      [[ -n ${seen[$package]:-} ]] && continue
      seen[$package]=1
      [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
  done
  echo "${missing[*]}"
}

# packages_ensure PURPOSE… – install what is missing, saying which and why; nothing to do is the usual case.
packages_ensure() {
  local missing purpose log=$RUN_DIR/logs/packages.log
  command -v dpkg-query >/dev/null ||
    die "this needs Debian or Ubuntu (no dpkg); install by hand: $(for purpose in "$@"; do packages_of "$purpose"; done | xargs)"
  missing=$(packages_missing "$@")
  [[ -z $missing ]] && return 0
  say "    installing, for $(join_words "$@"): $missing"
  may_be_root || die "root or sudo is needed once: apt-get install --no-install-recommends $missing"
  mkdir -p "$RUN_DIR/logs"
  # shellcheck disable=SC2086  # a list of package names
  apt_get_install "$log" $missing || {
    tail -n 15 "$log" >&2
    [[ $missing != *ceph* ]] || say "where Ceph's packages are not to be had: STORE=local make up"
    die "apt-get failed; its log is $log"
  }
}

# apt_get_install LOG PACKAGE… – update the lists, then install; progress is said every few seconds.
apt_get_install() {
  local log=$1
  shift
  apt_get "$log" update || warn "apt-get update failed, going on with the lists at hand"
  apt_get "$log" install --yes --no-install-recommends "$@"
}

# apt_get LOG ARGUMENT… – without questions, output to the log, a heartbeat on standard output.
apt_get() {
  local log=$1
  shift
  with_heartbeat "$log" as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

# join_words A B C – "A, B, C".
join_words() {
  local IFS=,
  local joined="$*"
  printf '%s\n' "${joined//,/, }"
}
