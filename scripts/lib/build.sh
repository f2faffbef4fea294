# shellcheck shell=bash
# Building Meridian's executables. Sourced, never run. BUILD is debug (default) or release.
set -euo pipefail

# build_folder – where the executables of the chosen kind of build are.
build_folder() { printf '%s\n' "$MERIDIAN_ROOT/.build/${BUILD:-debug}"; }

# build_products – the three executables, with progress.
build_products() {
  local product
  case ${BUILD:-debug} in debug | release) ;; *) die "BUILD must be debug or release, not ${BUILD}" ;; esac
  for product in registry-api replication-worker health-service; do
    step "building $product (${BUILD:-debug})"
    (cd "$MERIDIAN_ROOT" && building_progress "$RUN_DIR/logs/build-$product.log" \
      "$SWIFT" build --configuration "${BUILD:-debug}" --product "$product") || die "$product does not build"
    step_done
  done
}

# build_tests – every target and every test, with progress.
build_tests() {
  step "building everything with its tests (the first time takes minutes)"
  (cd "$MERIDIAN_ROOT" && building_progress "$RUN_DIR/logs/build-tests.log" "$SWIFT" build --build-tests) ||
    die "the tests do not build"
  step_done
}
