#!/usr/bin/env bash
# The status page: everybody sees states, superusers log in, drain a region with its form and end it again, and it takes
# effect at every region's health service; a verification asked for there is made by a worker.
source "$(dirname "$0")/lib.sh"

jar=$work/cookies
page() { curl -sS --fail -b "$jar" "$@"; }
# shows TEXT WORD…: the page holds the text. Read whole before it is looked at: a pipe that closes early is an error to curl.
shows() {
  local text=$1 found
  shift
  found=$(page "$@") && [[ $found == *"$text"* ]]
}
code() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }

# What everybody sees, in every region.
for url in "$US_HEALTH" "$EU_HEALTH" "$AP_HEALTH"; do
  knows() { shows 'id="location-apstorage"' "$url/" && ! shows 'too long ago' "$url/"; }
  wait_for 30 "the page of $url knows regions and locations" knows
  curl -sS -D "$work/head" "$url/" >"$work/page.html"
  grep -qi "^content-security-policy: default-src 'none'" "$work/head" || fail "no policy at $url"
  for name in us eu ap; do grep -q "id=\"region-$name\"" "$work/page.html" || fail "$url shows no region $name"; done
  ! grep -Eq 'sha256:|/page/drain' "$work/page.html" || fail "$url shows details to everybody"
done
say "three pages show three regions and three locations"

# Logging in.
expect "without a password" 401 "$(code "$US_HEALTH/page/login")"
expect "with a wrong one" 401 "$(code -u admin:wrong "$US_HEALTH/page/login")"
expect "with the right one" 303 "$(code -c "$jar" -u "$credentials" "$US_HEALTH/page/login")"
shows 'Logged in as <b>admin</b>' "$US_HEALTH/" || fail "not logged in"
# No health service keeps sessions: the cookie of one is good at another.
shows 'Logged in as <b>admin</b>' "$EU_HEALTH/" -H "Cookie: $(awk '/meridian_session/ {print $6 "=" $7}' "$jar")" ||
  fail "the cookie is not good in another region"

# token ACTION FIELD NAME: the token of a form.
token() { page "$US_HEALTH/page/$1?$2=$3" | sed -nE 's/.*name="token" value="([0-9a-f]{64})".*/\1/p'; }
send() { # send ACTION FIELD=VALUE...: sends a form as the browser does
  local action=$1 field
  shift
  local -a fields=()
  for field in "$@"; do fields+=(--data-urlencode "$field"); done
  curl -sS -o "$work/answer.html" -w '%{http_code}' -b "$jar" -H 'Sec-Fetch-Site: same-origin' "${fields[@]}" "$US_HEALTH/page/$action"
}
verdict() { code "$1/health/region/ap?for=$2"; }
is() { [[ $(verdict "$1" "$2") == "$3" ]]; }

# A health service that has just been started has to hear of the others' looks first.
for url in "$US_HEALTH" "$EU_HEALTH" "$AP_HEALTH"; do
  for direction in read write; do wait_for 30 "$url sends ap requests to $direction" is "$url" "$direction" 200; done
done

mark=$(token drain region ap)
expect "a form from another site" 403 \
  "$(code -b "$jar" -H 'Sec-Fetch-Site: cross-site' -d "token=$mark&region=ap&direction=both&duration=15m&reason=x" "$US_HEALTH/page/drain")"
expect "a form without a reason" 422 "$(send drain token="$mark" region=ap direction=write duration=15m)"
expect "a drain of writes" 303 "$(send drain token="$mark" region=ap direction=write duration=15m 'reason=new <disks>')"
for url in "$US_HEALTH" "$EU_HEALTH" "$AP_HEALTH"; do
  wait_for 10 "$url sends no writes to ap" is "$url" write 503
  wait_for 10 "$url still sends reads to ap" is "$url" read 200
done
shows 'new &lt;disks&gt;' "$US_HEALTH/" || fail "the reason is not shown"
expect "its end" 303 "$(send undrain token="$(token undrain region ap)" region=ap)"
for url in "$US_HEALTH" "$EU_HEALTH" "$AP_HEALTH"; do wait_for 10 "$url sends writes to ap" is "$url" write 200; done
say "the drain took effect everywhere, and its end too"

expect "a verification asked for" 303 "$(send verify token="$(token verify location apstorage)" location=apstorage depth=presence)"
verified() { [[ -n $(sql "SELECT done_at FROM verification_requests WHERE location = 'apstorage'") ]]; }
wait_for 300 "a worker has made the round" verified
expect "copies at apstorage looked at" "$(sql "SELECT count(*) FROM placements WHERE location = 'apstorage' AND state = 'verified'")" \
  "$(sql "SELECT progress FROM sweeps WHERE name = 'verify-presence:apstorage'" | sed -E 's/.*"looked":([0-9]+).*/\1/')"
expect "rows of the history" t "$(sql "SELECT count(*) >= 3 FROM replication_history")"

# One line in the log for each order, and no secret in any.
log=.run/logs/us-health.log
expect "orders in the log" 3 "$(grep -c "operator's order" "$log")"
! grep -Eq "$SUPERUSER_PASSWORD|$mark|meridian_session" "$log" || fail "a secret is in the log"
