#!/usr/bin/env bash
# Redis may lose everything or be away: pushes and pulls work and every job completes without a restart.
source "$(dirname "$0")/lib.sh"

redis_port=$(port_of "$REDIS_URL")
python3 Tests/e2e/make_image.py "$work/image" one --layers 40 --layer-bytes 20000
for worker in eu-worker ap-worker; do scripts/simulate stop "$worker" --signal STOP >/dev/null; done
push "$work/image:one" "$US_API" library/flushed:one
say "jobs queued when Redis is flushed: $(open_jobs)"
(($(open_jobs) > 0)) || fail "no job was queued"
redis-cli -p "$redis_port" FLUSHALL >/dev/null
for worker in eu-worker ap-worker; do scripts/simulate stop "$worker" --signal CONT >/dev/null; done
wait_replicated 120
say "all jobs completed after FLUSHALL"

scripts/simulate stop redis >/dev/null
python3 Tests/e2e/make_image.py "$work/second" two --layers 5
push "$work/second:two" "$US_API" library/without-redis:two
pull "$EU_API" library/without-redis:two "$work/pulled:two"
say "push to us and pull through eu worked without Redis"
wait_replicated 120
say "and everything was replicated without Redis"
scripts/simulate start redis >/dev/null
python3 Tests/e2e/make_image.py "$work/third" three --layers 3
push "$work/third:three" "$US_API" library/redis-back:three
wait_replicated 60
say "Redis is back and in use: $(redis-cli -p "$redis_port" --scan --pattern 'replication:*' | wc -l) streams"
