#!/usr/bin/env bash
# Gets two more WebGPU stacks for the tests, without root and without changing the system: what is fetched goes to
# node_modules/.cache/tfx. Where one cannot be had the reason is left there, and the tests print it beside what they skip.
#   lavapipe of Mesa >= 24 (f16, subgroups of 8): the packages come through apt and are unpacked
#   Deno (wgpu and naga): its binary for this platform, through npm
# SwiftShader needs no step of its own: it comes with `npm ci`.
set -u
cd "$(dirname "$0")/.."
root="$PWD/node_modules/.cache/tfx"

# refuse NAME REASON: ends the (sub)shell.
refuse() {
  mkdir -p "$root/$1"
  echo "$2" >"$root/$1/reason.txt"
  echo "$1: not installed: $2"
  exit 0
}

on_linux_x64() { [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ]; }

install_deno() {
  version=2.9.6
  folder="$root/deno"
  binary="$folder/node_modules/@deno/linux-x64-glibc/deno"
  if [ -x "$binary" ]; then
    echo "deno: already in node_modules/.cache/tfx/deno"
    exit 0
  fi
  on_linux_x64 || refuse deno "only known for Linux on x86-64"
  rm -rf "$folder"
  mkdir -p "$folder"
  # The binary's own package: the package `deno` names those of all platforms, and no lock file could hold them everywhere.
  npm install --prefix "$folder" --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
    "@deno/linux-x64-glibc@$version" >"$folder/log.txt" 2>&1 || refuse deno "npm could not get it: $(tail -1 "$folder/log.txt")"
  chmod +x "$binary" && "$binary" --version >"$folder/log.txt" 2>&1 || refuse deno "it does not run: $(tail -1 "$folder/log.txt")"
  echo "deno: $version in node_modules/.cache/tfx/deno"
}

install_lavapipe() {
  cache="$root/lavapipe"
  if [ -f "$cache/lvp_icd.json" ]; then
    echo "lavapipe: already in node_modules/.cache/tfx/lavapipe"
    exit 0
  fi
  rm -rf "$cache"
  on_linux_x64 || refuse lavapipe "only known for Linux on x86-64"
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || refuse lavapipe "this machine has no apt"

  work="$cache/apt"
  mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/parts" "$cache/root"

  # The machine's own package sources; on Debian 12, whose Mesa 22.3 Dawn refuses, with its backports beside them.
  cp -r /etc/apt/sources.list.d/. "$work/parts/" 2>/dev/null
  cp /etc/apt/sources.list "$work/parts/system.list" 2>/dev/null
  # Only Debian's and Ubuntu's own archives are needed, whatever else the machine lists.
  grep -LiE 'debian|ubuntu' "$work"/parts/* 2>/dev/null | while read -r other; do rm -f "$other"; done
  suite=()
  if [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = bookworm ]; then
    mirror="$(sed -nE 's/^(URIs:|deb)[[:space:]]+(\[[^]]*\][[:space:]]+)?([a-z]+:[^[:space:]]*\/debian)\/?([[:space:]].*)?$/\3/p' "$work"/parts/* | head -1)"
    [ -n "$mirror" ] || refuse lavapipe "no Debian archive among this machine's package sources"
    keyring="$(ls /usr/share/keyrings/debian-archive-keyring.* 2>/dev/null | head -1)"
    echo "deb ${keyring:+[signed-by=$keyring] }$mirror bookworm-backports main" >"$work/parts/backports.list"
    suite=(-t bookworm-backports)
  fi

  apt=(apt-get -qq
    -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$work/parts" -o "Dir::State::Lists=$work/lists"
    -o "Dir::Cache::Archives=$work/archives" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
    -o "Debug::NoLocking=true" -o "APT::Sandbox::User=$(id -un)" -o "Acquire::Languages=none" -o "Acquire::Retries=2")
  "${apt[@]}" update >"$work/log.txt" 2>&1 || refuse lavapipe "apt-get update failed: $(tail -1 "$work/log.txt")"
  # Reinstalled if the system has it, so that the archive is always there; dependencies only where the system lacks them.
  "${apt[@]}" -y --no-install-recommends --reinstall --download-only "${suite[@]}" install mesa-vulkan-drivers >>"$work/log.txt" 2>&1 ||
    refuse lavapipe "apt-get could not get mesa-vulkan-drivers: $(grep '^E:' "$work/log.txt" | tail -1)"
  for deb in "$work"/archives/*.deb; do
    dpkg-deb -x "$deb" "$cache/root" || refuse lavapipe "could not unpack $(basename "$deb")"
  done

  library="$(find "$cache/root" -name libvulkan_lvp.so | head -1)"
  [ -n "$library" ] || refuse lavapipe "mesa-vulkan-drivers holds no lavapipe"
  version="$(dpkg-deb -f "$(ls "$work"/archives/mesa-vulkan-drivers_*.deb | head -1)" Version)"
  [ "${version%%.*}" -ge 24 ] 2>/dev/null || refuse lavapipe "Mesa $version is too old for Dawn"
  ls -d "$cache/root/usr/lib/x86_64-linux-gnu" "$cache/root/lib/x86_64-linux-gnu" 2>/dev/null | paste -sd: >"$cache/library-path.txt"
  printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.4.0"}}\n' "$library" >"$cache/lvp_icd.json"
  rm -rf "$work"
  echo "lavapipe: Mesa $version in node_modules/.cache/tfx/lavapipe"
}

(install_deno)
(install_lavapipe)
