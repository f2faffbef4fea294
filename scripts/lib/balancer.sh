# shellcheck shell=bash
# The global balancer's configuration: the first region whose health service says it is well. Sourced, never run.
set -euo pipefail

# balancer_config FILE – all traffic goes to us, else to eu, else to ap, reads and writes apart, as in
# deploy/haproxy/http-check.cfg. Each region is judged by its own health service, never by asking its API directly.
balancer_config() {
  local region
  {
    cat <<CONF
# Written by scripts/simulate.
global
    maxconn 4000
    log stdout format raw local0 notice

defaults
    mode http
    log global
    option dontlognull
    option http-keep-alive
    # A connection that cannot be made is tried at once on the next region.
    retries 3
    retry-on conn-failure
    option redispatch 1
    timeout connect 2s
    timeout check 2s
    timeout http-request 30s
    timeout http-keep-alive 60s
    # A layer of gigabytes may pause: only ten silent minutes end a transfer.
    timeout client 10m
    timeout server 10m
    timeout queue 30s

frontend global
    bind 127.0.0.1:$(port_of lb)
    option forwardfor
    http-request set-header X-Forwarded-Proto http
    # What changes something, and what is asked about an upload under way, goes where pushes are served; all else where
    # pulls are. With every region out, health is passed over: a balancer that sends nothing helps nobody.
    acl wants_write method POST PUT PATCH DELETE
    acl wants_write path_sub /blobs/uploads/
    acl no_writer nbsrv(write) eq 0
    acl no_reader nbsrv(read) eq 0
    use_backend everybody if wants_write no_writer
    use_backend write     if wants_write
    use_backend everybody if no_reader
    default_backend read
CONF
    pool_config read
    pool_config write
    cat <<CONF

backend everybody
    option tcp-check
    balance first
    default-server inter 500ms fall 2 rise 1 observe layer4 error-limit 1 on-error mark-down
CONF
    for region in "${REGIONS[@]}"; do echo "    server $region 127.0.0.1:$(port_of "$region-api") check"; done
    cat <<CONF

frontend statistics
    bind 127.0.0.1:$(port_of lb-stats)
    stats enable
    stats uri /
    stats refresh 2s
    http-request use-service prometheus-exporter if { path /metrics }
CONF
  } >"$1.new"
  mv "$1.new" "$1"
}

# pool_config read|write – the regions that serve this direction, by GET /health/region/NAME?for=… (NAME is the server's).
pool_config() {
  local region
  cat <<CONF

backend $1
    option httpchk
    http-check send meth GET uri-lf /health/region/%[srv_name]?for=$1 ver HTTP/1.1 hdr Host 127.0.0.1 hdr Connection close
    http-check expect status 200
    # The first in order of those that are well gets everything; one that refuses a connection is out at once, and the
    # connection goes to the next (a server marked as backup would only be used after that). Checks bring it back.
    balance first
    default-server inter 500ms fall 2 rise 2 observe layer4 error-limit 1 on-error mark-down
CONF
  for region in "${REGIONS[@]}"; do
    echo "    server $region 127.0.0.1:$(port_of "$region-api") check addr 127.0.0.1 port $(port_of "$region-health")"
  done
}
