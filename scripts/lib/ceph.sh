# shellcheck shell=bash
# One private Ceph (a monitor and one OSD) with a radosgw per region: real S3 servers that can be stopped one by one.
# Sourced, never run. It runs as whoever runs this script, with every file below DIR.
set -euo pipefail

# ceph_configure DIR MON_PORT OSD_FIRST_PORT OSD_LAST_PORT GATEWAY:PORT… – write DIR/ceph.conf. CEPH_ADDRESS is where the
# monitor and the OSD listen, for gateways in another network namespace.
ceph_configure() {
  local dir=$1 mon=$2 first=$3 last=$4 address=${CEPH_ADDRESS:-127.0.0.1} gateway fsid
  shift 4
  mkdir -p "$dir"/{run,mon,osd,crash,log}
  [[ -s $dir/fsid ]] || cat /proc/sys/kernel/random/uuid >"$dir/fsid"
  [[ -s $dir/osd-uuid ]] || cat /proc/sys/kernel/random/uuid >"$dir/osd-uuid"
  fsid=$(<"$dir/fsid")
  cat >"$dir/ceph.conf" <<CONF
[global]
fsid = $fsid
mon_host = v1:$address:$mon
mon_initial_members = a
public_addr = $address
cluster_addr = $address
ms_bind_msgr2 = false
ms_bind_port_min = $first
ms_bind_port_max = $last
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_supported = none
run_dir = $dir/run
admin_socket =
pid_file =
log_file = $dir/log/\$name.log
mon_data = $dir/mon
osd_data = $dir/osd
crash_dir = $dir/crash
keyring = $dir/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 1
osd_objectstore = bluestore
bluestore_block_size = ${CEPH_BLOCK_SIZE_BYTES:-21474836480}
bluestore_block_create = true
osd_memory_target = 1073741824
osd_class_update_on_start = false
CONF
  for gateway in "$@"; do
    cat >>"$dir/ceph.conf" <<CONF

[client.rgw.${gateway%%:*}]
rgw_frontends = beast endpoint=127.0.0.1:${gateway##*:} tcp_nodelay=1
rgw_get_obj_window_size = 67108864
rgw_put_obj_min_window_size = 67108864
rgw_thread_pool_size = 64
rgw_enable_ops_log = false
# Deleted data leaves the disk within a minute instead of hours, or a long run fills it.
rgw_gc_obj_min_wait = 30
rgw_gc_processor_period = 30
rgw_gc_processor_max_time = 30
CONF
  done
}

# ceph_mon_start DIR MON_PORT – start `ceph-mon`, making its store the first time.
ceph_mon_start() {
  local dir=$1
  if [[ ! -e $dir/mon/made ]]; then
    rm -rf "$dir/mon" && mkdir -p "$dir/mon"
    {
      monmaptool --create --clobber --fsid "$(<"$dir/fsid")" --addv a "[v1:${CEPH_ADDRESS:-127.0.0.1}:$2]" "$dir/monmap"
      ceph-mon -c "$dir/ceph.conf" --mkfs -i a --monmap "$dir/monmap"
    } >>"$RUN_DIR/logs/ceph-mon.log" 2>&1 || die "the Ceph monitor could not be made: see $RUN_DIR/logs/ceph-mon.log"
    touch "$dir/mon/made"
  fi
  proc_start ceph-mon ceph-mon -c "$dir/ceph.conf" -i a -f
  proc_wait ceph-mon 60 ceph_command "$dir" mon stat
}

# ceph_command DIR ARGUMENT… – the ceph client, bounded in time.
ceph_command() {
  local dir=$1
  shift
  timeout 30 ceph -c "$dir/ceph.conf" --connect-timeout 10 "$@"
}

# ceph_osd_start DIR – start `ceph-osd`, making its store the first time.
ceph_osd_start() {
  local dir=$1 uuid attempt
  uuid=$(<"$dir/osd-uuid")
  if [[ ! -e $dir/osd/made ]]; then
    rm -rf "$dir/osd" && mkdir -p "$dir/osd"
    {
      ceph_command "$dir" osd new "$uuid"
      ceph-osd -c "$dir/ceph.conf" -i 0 --mkfs --osd-uuid "$uuid"
    } >>"$RUN_DIR/logs/ceph-osd.log" 2>&1 || die "the Ceph OSD could not be made: see $RUN_DIR/logs/ceph-osd.log"
    touch "$dir/osd/made"
  fi
  # Right after it was made the monitor sometimes refuses the OSD's first command, and the OSD gives up: once more then.
  for attempt in {1..8}; do
    proc_start ceph-osd ceph-osd -c "$dir/ceph.conf" -i 0 -f
    (proc_wait ceph-osd 90 ceph_osd_is_up "$dir") 2>>"$RUN_DIR/logs/ceph-osd.log" && return 0
    proc_running ceph-osd && break
    note "ceph-osd gave up, attempt $attempt of 8"
  done
  proc_last_words ceph-osd
  die "ceph-osd does not start; its log is $RUN_DIR/logs/ceph-osd.log"
}

# ceph_osd_is_up DIR
ceph_osd_is_up() { ceph_command "$1" osd stat --format json | grep '"num_up_osds": *1' >/dev/null; }

# ceph_gateway_start DIR PROCESS GATEWAY PORT – start one radosgw under the name PROCESS and wait until it answers.
ceph_gateway_start() {
  proc_start "$2" radosgw -c "$1/ceph.conf" -n "client.rgw.$3" -f
  proc_wait "$2" 120 http_answers "http://127.0.0.1:$4/" 200
}

# ceph_user DIR GATEWAY UID ACCESS_KEY SECRET_KEY – the S3 user, once.
ceph_user() {
  local dir=$1
  [[ -e $dir/user-$3 ]] && return 0
  timeout 60 radosgw-admin -c "$dir/ceph.conf" -n "client.rgw.$2" user create --uid="$3" --display-name="$3" \
    --access-key="$4" --secret-key="$5" --max-buckets=0 >>"$RUN_DIR/logs/ceph-mon.log" 2>&1 ||
    die "the S3 user could not be made: see $RUN_DIR/logs/ceph-mon.log"
  touch "$dir/user-$3"
}

# s3_bucket ENDPOINT ACCESS_KEY SECRET_KEY BUCKET – create the bucket; fine when it is ours already.
s3_bucket() {
  local code
  code=$(curl --noproxy '*' --silent --output /dev/null --max-time 30 --write-out '%{http_code}' \
    --header 'x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' \
    --config <(printf 'user = "%s:%s"\n' "$2" "$3") --aws-sigv4 aws:amz:us-east-1:s3 -X PUT "$1/$4") || true
  [[ $code == 200 || $code == 409 ]] || die "the bucket $4 could not be created at $1: HTTP $code"
}

# ceph_stop GATEWAY_PROCESS… – gateways first, then the OSD, then the monitor.
ceph_stop() {
  local name grace=15
  local -a stopping=()
  # A gateway cannot end in order without its cluster: continue a frozen one, and do not wait for a dead one.
  for name in ceph-mon ceph-osd; do
    proc_signal "$name" CONT || grace=1
  done
  for name in "$@"; do
    proc_stop "$name" TERM "$grace" &
    stopping+=("$!")
  done
  wait "${stopping[@]}"
  proc_stop ceph-osd TERM 20
  proc_stop ceph-mon TERM 15
}
