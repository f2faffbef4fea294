# shellcheck shell=bash
# Saying what is happening: plain lines, with colour only on a terminal. Sourced, never run.
set -euo pipefail

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  _bold=$'\e[1m' _dim=$'\e[2m' _green=$'\e[32m' _red=$'\e[31m' _plain=$'\e[0m'
else
  _bold='' _dim='' _green='' _red='' _plain=''
fi

# say TEXT… – one line of ordinary information.
say() { printf '%s\n' "$*"; }

# note TEXT… – one indented line of detail.
note() { printf '%s   %s%s\n' "$_dim" "$*" "$_plain"; }

# warn TEXT… – something is odd but the work goes on.
warn() { printf '%swarning:%s %s\n' "$_red" "$_plain" "$*" >&2; }

# die TEXT… – one clear line, then the end with status 1.
die() {
  printf '%serror:%s %s\n' "$_red" "$_plain" "$*" >&2
  exit 1
}

# step TEXT… – the beginning of a named step; `step_done` says how long it took.
step() {
  _step_began=$EPOCHREALTIME
  printf '%s==> %s%s\n' "$_bold" "$*" "$_plain"
}

# step_done [TEXT…] – the end of the step that `step` began.
step_done() {
  printf '%s    ok%s %s(%s s)\n' "$_green" "$_plain" "${*:+$* }" "$(seconds_since "$_step_began")"
}

# seconds_since START – seconds with one decimal since an EPOCHREALTIME value.
seconds_since() {
  local began=${1/[.,]/} now=${EPOCHREALTIME/[.,]/} tenths
  tenths=$(((now - began) / 100000))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}
