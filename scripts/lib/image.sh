# shellcheck shell=bash
# A real image of many layers, made of the files of installed packages. Sourced, never run.
set -euo pipefail

# image_packages – installed packages, one layer each: essential ones that every Debian and Ubuntu has.
image_packages() {
  printf '%s\n' base-files libc6 libc-bin libtinfo6 bash libpcre2-8-0 libselinux1 coreutils util-linux dpkg perl-base tzdata tar gzip openssl
}

# image_make LAYOUT TAG – an OCI layout whose image TAG has at least eight layers; kept for the next time.
image_make() {
  local oci=$1 image=$1:$2 work package layers=0
  [[ -e $oci/.complete ]] && return 0
  rm -rf "$oci"
  mkdir -p "$(dirname "$oci")"
  work=$(mktemp -d)
  umoci init --layout "$oci"
  umoci new --image "$image"
  for package in $(image_packages); do
    dpkg -L "$package" >/dev/null 2>&1 || continue
    image_files "$package" "$work/$package"
    umoci insert --rootless --image "$image" "$work/$package" /
    layers=$((layers + 1))
    note "layer $layers: $package, $(du -sh "$work/$package" | cut -f 1)"
    chmod -R u+w "$work/$package"
    rm -rf "${work:?}/$package"
  done
  rm -rf "$work"
  ((layers >= 8)) || die "only $layers of the packages for the image's layers are installed here"
  umoci config --image "$image" --config.cmd /bin/bash --config.workingdir / --author Meridian
  umoci gc --layout "$oci"
  touch "$oci/.complete"
}

# image_files PACKAGE FOLDER – copy the package's readable files and links there, at the places of a merged /usr.
image_files() {
  local file top
  mkdir -p "$2"
  dpkg -L "$1" | sed -E 's#^/(bin|sbin|lib|lib32|lib64)/#/usr/\1/#' | sort -u | while IFS= read -r file; do
    [[ $file =~ ^/(bin|sbin|lib|lib32|lib64)$ ]] && continue
    if [[ -L $file || -f $file && -r $file ]]; then printf '%s\n' "${file#/}"; fi
  done | tar -C / --create --no-recursion --files-from=- | tar -C "$2" --extract --no-same-owner
  if [[ $1 == base-files ]]; then
    for top in bin sbin lib lib64; do ln -s "usr/$top" "$2/$top"; done
  fi
}
