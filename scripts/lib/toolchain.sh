# shellcheck shell=bash
# The real Swift toolchain. OpenStack's client installs a Python script called `swift`, so a name is no proof.
# Sourced, never run.
set -euo pipefail

# is_swift_toolchain PATH
is_swift_toolchain() {
  local version
  [[ -x $1 ]] || return 1
  version=$(timeout 60 "$1" --version 2>/dev/null </dev/null) || return 1
  [[ $version == *'Swift version'* ]]
}

# find_swift – the path of the toolchain's `swift`: $SWIFT, then every one in PATH, then the usual places.
find_swift() {
  local candidate
  local -a candidates=()
  [[ -n ${SWIFT:-} ]] && candidates+=("$SWIFT")
  mapfile -t -O "${#candidates[@]}" candidates < <(type -aP swift)
  candidates+=(/opt/swift/usr/bin/swift /usr/local/swift/usr/bin/swift /usr/share/swift/usr/bin/swift
    "${SWIFTLY_BIN_DIR:-$HOME/.local/share/swiftly/bin}/swift")
  for candidate in "${candidates[@]}"; do
    if is_swift_toolchain "$candidate"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# require_swift – sets SWIFT, and puts its folder first in PATH.
require_swift() {
  SWIFT=$(find_swift) || die "no Swift toolchain found (a script of that name from another package does not count);" \
    "install Swift 6.1 or newer and put it in PATH, or set SWIFT=/path/to/usr/bin/swift"
  export SWIFT
  PATH=$(dirname "$SWIFT"):$PATH
  export PATH
}

# swift_version – for example 6.3.1.
swift_version() { "$SWIFT" --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p'; }
