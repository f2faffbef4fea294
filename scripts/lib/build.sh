# shellcheck shell=bash
# Building Meridian's executables. Sourced, never run. BUILD is debug (default) or release.
set -euo pipefail

# build_folder – where the executables of the chosen kind of build are.
build_folder() { printf '%s\n' "$MERIDIAN_ROOT/.build/${BUILD:-debug}"; }

# bin_folder – where the executables to run are: that folder, unless told (MERIDIAN_BIN_DIR).
bin_folder() { printf '%s\n' "${MERIDIAN_BIN_DIR:-$(build_folder)}"; }

# compile LOG ARGUMENT… – `swift build` with progress. Swift 6.3 does not recompile a file that sees a changed module only
# through `Shared`'s re-export, and the link then lacks a symbol: in that case the executables are compiled afresh, once.
compile() {
  local log=$1 folder
  shift
  (cd "$MERIDIAN_ROOT" && building_progress "$log" "$SWIFT" build "$@") && return 0
  grep -q 'undefined reference to' "$log" || return 1
  say "stale objects of an earlier build: compiling the executables afresh"
  for folder in Shared RegistryAPI ReplicationWorker HealthService; do
    rm -rf "$(build_folder)/$folder.build"
  done
  (cd "$MERIDIAN_ROOT" && building_progress "$log" "$SWIFT" build "$@")
}

# build_products – the three executables, with progress.
build_products() {
  local product
  case ${BUILD:-debug} in debug | release) ;; *) die "BUILD must be debug or release, not ${BUILD}" ;; esac
  for product in registry-api replication-worker health-service; do
    step "building $product (${BUILD:-debug})"
    compile "$RUN_DIR/logs/build-$product.log" --configuration "${BUILD:-debug}" --product "$product" ||
      die "$product does not build"
    step_done
  done
}

# build_tests – every target and every test, with progress.
build_tests() {
  step "building everything with its tests (the first time takes minutes)"
  compile "$RUN_DIR/logs/build-tests.log" --build-tests ||
    die "the tests do not build"
  step_done
}
