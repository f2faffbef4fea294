#!/usr/bin/env bash
# Every container client that can be had: through the load balancer, and pushed to us directly and pulled through eu at once.
source "$(dirname "$0")/lib.sh"

# Without these nothing is shown; the others are skipped where they are missing, and say so.
always="docker-style containerd-style skopeo"
[[ -z ${CI:-} ]] || always+=" podman buildah"

if [[ ${CLIENTS_INSTALL:-yes} == yes ]]; then
  timeout 300 Tests/clients/install || say "some clients could not be installed"
fi
failed=() skipped=()
passed=0
for client in docker-style containerd-style skopeo podman buildah crane oras oras-python helm containerd docker; do
  for way in "$GLOBAL_URL $GLOBAL_URL" "$US_API $EU_API"; do
    read -r push_url pull_url <<<"$way"
    say "$client: push to $push_url, pull from $pull_url"
    status=0
    timeout --kill-after=10 150 "Tests/clients/$client" "$push_url" "$SUPERUSER" "$SUPERUSER_PASSWORD" "$pull_url" || status=$?
    case $status in
      0) passed=$((passed + 1)) ;;
      77)
        [[ " $always " != *" $client "* ]] || fail "$client must not be missing"
        skipped+=("$client")
        break
        ;;
      124 | 137) failed+=("$client (not done within 150 s)") ;;
      *) failed+=("$client") ;;
    esac
  done
done
say "$passed flows passed; skipped: ${skipped[*]:-none}"
((${#failed[@]} == 0)) || fail "these failed: ${failed[*]}"
