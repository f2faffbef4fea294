# shellcheck shell=bash
# One private OpenStack Swift: a proxy with tempauth, TempURL, large objects and the S3 interface, one server each for
# accounts, containers and objects, and a memcached for tokens. Sourced, never run.
# It runs as whoever runs this script, with every file below DIR; one replica, so nothing needs a replicator.
set -euo pipefail

# Its processes, in the order they start.
readonly OPENSTACK_SERVERS=(account container object)

# openstack_installed – whether the servers of packages_of openstack are there.
openstack_installed() {
  command -v swift-proxy-server swift-object-server swift-ring-builder memcached >/dev/null
}

# openstack_configure DIR FIRST_PORT PASSWORD – rings and configuration. Ports: proxy, account, container, object, memcached.
openstack_configure() {
  local dir=$1 first=$2 password=$3 server offset=1
  mkdir -p "$dir"/{conf,srv/d1,cache}
  (umask 077 && printf '%s\n' "$password" >"$dir/password")
  cat >"$dir/conf/swift.conf" <<CONF
[swift-hash]
swift_hash_path_suffix = $(random_text 16)
swift_hash_path_prefix = $(random_text 16)

[storage-policy:0]
name = one
default = yes
CONF
  for server in "${OPENSTACK_SERVERS[@]}"; do
    openstack_server_conf "$dir" "$server" $((first + offset)) >"$dir/conf/$server.conf"
    openstack_ring "$dir" "$server" $((first + offset)) >>"$RUN_DIR/logs/openstack-ring.log" 2>&1 ||
      die "the ring of $server could not be made: see $RUN_DIR/logs/openstack-ring.log"
    offset=$((offset + 1))
  done
  (umask 077 && openstack_proxy_conf "$dir" "$first" $((first + 4)) "$password" >"$dir/conf/proxy.conf")
}

# openstack_ring DIR SERVER PORT – one partition power of 4, one replica, one device.
openstack_ring() {
  (
    cd "$1/conf"
    swift-ring-builder "$2.builder" create 4 1 1
    swift-ring-builder "$2.builder" add "r1z1-127.0.0.1:$3/d1" 1
    swift-ring-builder "$2.builder" rebalance
  )
}

# openstack_common DIR PORT – what the [DEFAULT] sections of all servers have.
openstack_common() {
  cat <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $2
user = $(id -un)
swift_dir = $1/conf
devices = $1/srv
mount_check = false
disable_fallocate = true
workers = 0
log_level = WARNING
# Its own log file instead of a syslog socket.
log_address = /nonexistent
CONF
}

# openstack_server_conf DIR account|container|object PORT
openstack_server_conf() {
  openstack_common "$1" "$3"
  cat <<CONF

[pipeline:main]
pipeline = $2-server

[app:$2-server]
use = egg:swift#$2
recon_cache_path = $1/cache
# A listing must show what was written: wait for the container on a busy machine instead of updating it later.
container_update_timeout = 30
conn_timeout = 5
node_timeout = 30
CONF
}

# openstack_proxy_conf DIR PORT MEMCACHED_PORT PASSWORD
openstack_proxy_conf() {
  openstack_common "$1" "$2"
  cat <<CONF

[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl s3api tempauth copy slo dlo versioned_writes symlink proxy-logging proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 5
node_timeout = 60
recoverable_node_timeout = 60

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = $4 .admin

[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false

[filter:slo]
use = egg:swift#slo
concurrency = 16

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$3
CONF
  local filter
  for filter in catch_errors gatekeeper healthcheck listing_formats bulk tempurl copy dlo versioned_writes symlink; do
    printf '\n[filter:%s]\nuse = egg:swift#%s\n' "$filter" "$filter"
  done
  printf '\n[filter:proxy-logging]\nuse = egg:swift#proxy_logging\naccess_log_headers = false\n'
}

# openstack_start DIR PREFIX FIRST_PORT – start all five as PREFIX-memcached, PREFIX-account … and PREFIX itself, the proxy.
openstack_start() {
  local dir=$1 prefix=$2 first=$3 server offset=1
  proc_start "$prefix-memcached" memcached -l 127.0.0.1 -p $((first + 4)) -U 0 -m 32 -u "$(id -un)"
  for server in "${OPENSTACK_SERVERS[@]}"; do
    proc_start "$prefix-$server" "swift-$server-server" "$dir/conf/$server.conf"
  done
  for server in "${OPENSTACK_SERVERS[@]}"; do
    # Without a health check of its own: any answer will do.
    proc_wait "$prefix-$server" 60 http_answers "http://127.0.0.1:$((first + offset))/recon/version" 200 400 404 412
    offset=$((offset + 1))
  done
  proc_start "$prefix" swift-proxy-server "$dir/conf/proxy.conf"
  proc_wait "$prefix" 60 http_answers "http://127.0.0.1:$first/healthcheck" 200
}

# openstack_stop PREFIX – the proxy first.
openstack_stop() {
  local server
  proc_stop "$1" TERM 5
  for server in "${OPENSTACK_SERVERS[@]}" memcached; do proc_stop "$1-$server" TERM 5; done
}

# openstack_prepare DIR FIRST_PORT TEMPORARY_URL_KEY CONTAINER… – the key for TempURL and the containers.
openstack_prepare() {
  local dir=$1 address=http://127.0.0.1:$2 key=$3 token container code
  shift 3
  token=$(curl --noproxy '*' --silent --max-time 20 --dump-header - --output /dev/null \
    --config <(printf 'header = "X-Auth-User: test:tester"\nheader = "X-Auth-Key: %s"\n' "$(<"$dir/password")") \
    "$address/auth/v1.0" | tr -d '\r' | awk 'tolower($1) == "x-auth-token:" { print $2 }')
  [[ -n $token ]] || die "OpenStack Swift at $address gives no token"
  code=$(openstack_request "$token" POST "$address/v1/AUTH_test" "X-Account-Meta-Temp-URL-Key: $key")
  [[ $code == 204 ]] || die "the key for TempURL could not be set: HTTP $code"
  for container in "$@"; do
    code=$(openstack_request "$token" PUT "$address/v1/AUTH_test/$container")
    [[ $code == 201 || $code == 202 ]] || die "the container $container could not be created: HTTP $code"
  done
}

# openstack_request TOKEN METHOD URL [HEADER] – the status of one request.
openstack_request() {
  curl --noproxy '*' --silent --output /dev/null --max-time 30 --write-out '%{http_code}' -X "$2" "$3" \
    --header 'Content-Length: 0' \
    --config <(printf 'header = "X-Auth-Token: %s"\n' "$1" && printf 'header = "%s"\n' "${4:-X-Nothing: none}")
}
