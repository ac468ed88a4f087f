#!/usr/bin/env bash
# Gets the second software adapter of the tests, lavapipe of Mesa >= 24 (f16, subgroups of 8), without root: the packages
# come through apt into a cache folder and are unpacked there; nothing of the system is changed. Where that cannot be done
# the reason is left in the folder, and the tests print it beside what they skip. SwiftShader and Deno come from npm.
set -u
cd "$(dirname "$0")/.."
cache="$PWD/node_modules/.cache/tfx/lavapipe"

refuse() {
  mkdir -p "$cache"
  echo "$1" >"$cache/reason.txt"
  echo "lavapipe: not installed: $1"
  exit 0
}

if [ -f "$cache/lvp_icd.json" ]; then
  echo "lavapipe: already in node_modules/.cache/tfx/lavapipe"
  exit 0
fi
rm -rf "$cache"
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || refuse "only known for Linux on x86-64"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || refuse "this machine has no apt"

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
  [ -n "$mirror" ] || refuse "no Debian archive among this machine's package sources"
  keyring="$(ls /usr/share/keyrings/debian-archive-keyring.* 2>/dev/null | head -1)"
  echo "deb ${keyring:+[signed-by=$keyring] }$mirror bookworm-backports main" >"$work/parts/backports.list"
  suite=(-t bookworm-backports)
fi

apt=(apt-get -qq
  -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$work/parts" -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache::Archives=$work/archives" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
  -o "Debug::NoLocking=true" -o "APT::Sandbox::User=$(id -un)" -o "Acquire::Languages=none" -o "Acquire::Retries=2")
"${apt[@]}" update >"$work/log.txt" 2>&1 || refuse "apt-get update failed: $(tail -1 "$work/log.txt")"
# Reinstalled if the system has it, so that the archive is always there; dependencies only where the system lacks them.
"${apt[@]}" -y --no-install-recommends --reinstall --download-only "${suite[@]}" install mesa-vulkan-drivers >>"$work/log.txt" 2>&1 ||
  refuse "apt-get could not get mesa-vulkan-drivers: $(grep '^E:' "$work/log.txt" | tail -1)"
for deb in "$work"/archives/*.deb; do
  dpkg-deb -x "$deb" "$cache/root" || refuse "could not unpack $(basename "$deb")"
done

library="$(find "$cache/root" -name libvulkan_lvp.so | head -1)"
[ -n "$library" ] || refuse "mesa-vulkan-drivers holds no lavapipe"
version="$(dpkg-deb -f "$(ls "$work"/archives/mesa-vulkan-drivers_*.deb | head -1)" Version)"
[ "${version%%.*}" -ge 24 ] 2>/dev/null || refuse "Mesa $version is too old for Dawn"
ls -d "$cache/root/usr/lib/x86_64-linux-gnu" "$cache/root/lib/x86_64-linux-gnu" 2>/dev/null | paste -sd: >"$cache/library-path.txt"
printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.4.0"}}\n' "$library" >"$cache/lvp_icd.json"
rm -rf "$work"
echo "lavapipe: Mesa $version in node_modules/.cache/tfx/lavapipe"
