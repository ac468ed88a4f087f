#!/bin/sh
# Runs the kernels on this machine's GPU through Vulkan. Needs a driver and nothing else; options go to main.ts.
# --software as the first option: SwiftShader from this folder, to try the folder out.
here=$(cd "$(dirname "$0")" && pwd)
LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/loader"
if ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1'; then LD_LIBRARY_PATH="${LD_LIBRARY_PATH%"$here/loader"}"; fi
export LD_LIBRARY_PATH
if [ "${1:-}" = "--software" ]; then
  shift
  export VK_ICD_FILENAMES="$here/swiftshader/vk_swiftshader_icd.json"
elif [ -z "${VK_ICD_FILENAMES:-}${VK_DRIVER_FILES:-}" ] && ! ls /etc/vulkan/icd.d/*.json /usr/share/vulkan/icd.d/*.json >/dev/null 2>&1; then
  # A container often has NVIDIA's libraries but not the manifest that tells the loader of them. The EGL library needs no X11.
  for library in libEGL_nvidia.so.0 libGLX_nvidia.so.0; do
    if ldconfig -p 2>/dev/null | grep -q "$library"; then
      manifest="${TMPDIR:-/tmp}/tfx-nvidia-icd.json"
      printf '{"file_format_version":"1.0.0","ICD":{"library_path":"%s","api_version":"1.3.0"}}\n' "$library" > "$manifest"
      export VK_ICD_FILENAMES="$manifest"
      break
    fi
  done
fi
if command -v nvidia-smi >/dev/null 2>&1; then nvidia-smi --query-gpu=name,driver_version --format=csv,noheader; fi
exec "$here/node" "$here/bench/main.mjs" "$@"
