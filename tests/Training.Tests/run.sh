#!/usr/bin/env bash
# Builds src/Training and its tests and runs them: tests/Training.Tests/run.sh [arguments of the test program].
# LibTorch needs glibc 2.38. On an older system the tests run in a Debian 13 root, made by debootstrap in ~/.cache/meridian/trixie
# (or $MERIDIAN_TRIXIE) and kept for all checkouts; that takes root, and half a minute once.
# `tests/Training.Tests/run.sh --tool distill ...` runs meridian-tools in the same way.
set -euo pipefail
cd "$(dirname "$0")/../.."
repo="$PWD"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
artifacts="${ArtifactsPath:-$repo/artifacts}"

if [ "${1:-}" = --tool ]; then
  shift
  dotnet build src/Training -c Release -v:q >&2
  program="$artifacts/bin/Training/release/meridian-tools"
else
  dotnet build tests/Training.Tests -v:q
  program="$artifacts/bin/Training.Tests/debug/Meridian.Training.Tests"
fi

# sed reads to the end: a reader that leaves early breaks the pipe, and pipefail would end the run without a word.
version="$(ldd --version | sed -nE '1s/.* ([0-9]+\.[0-9]+)$/\1/p')"
if [ "$(printf '%s\n2.38\n' "$version" | sort -V | head -n1)" = 2.38 ]; then
  exec "$program" "$@"
fi

root="${MERIDIAN_TRIXIE:-${XDG_CACHE_HOME:-$HOME/.cache}/meridian/trixie}"
if [ "$(id -u)" != 0 ]; then
  echo "This system has glibc $version and LibTorch needs 2.38; a Debian 13 root can be made by root only. Run it as root, or on Debian 13 or Ubuntu 24.04." >&2
  exec "$program" "$@"
fi

if [ ! -e "$root/.complete" ]; then
  command -v debootstrap >/dev/null || { apt-get update -qq >&2; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null; }
  mirror="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/\?$' || true)"
  echo "Making a Debian 13 root in $root" >&2
  rm -rf "$root"
  mkdir -p "$(dirname "$root")"
  debootstrap --variant=minbase --include=libicu76,libssl3t64,libgomp1,libstdc++6,ca-certificates trixie "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 || { tail -n5 "$root.log" >&2; exec "$program" "$@"; }
  touch "$root/.complete"
fi

if ! unshare --mount --propagation private true 2>/dev/null; then
  echo "No mount namespace can be made here, so nothing can run in $root." >&2
  exec "$program" "$@"
fi

# The same paths inside as outside, in a mount namespace of its own: nothing is left mounted, whatever ends it.
sdk="$(dirname "$(readlink -f "$(command -v dotnet)")")"
packages="$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: //; s#/$##')"
export root sdk program repo packages artifacts
export DOTNET_ROOT="$sdk"
exec unshare --mount --propagation private bash -c '
  set -euo pipefail
  bind() { [ -e "$1" ] || return 0; mkdir -p "$root$1"; mount --rbind "$1" "$root$1"; }
  mount --rbind /dev "$root/dev"; mount -t proc proc "$root/proc"; mount --rbind /tmp "$root/tmp"
  for path in "$sdk" "$packages" "$repo" "$artifacts" "${MERIDIAN_TEST_MODELS:-}" ${MERIDIAN_BIND:-}; do
    case "$path" in ""|/tmp/*) ;; *) bind "$(readlink -f "$path")" ;; esac
  done
  exec chroot "$root" /usr/bin/env --chdir="$repo" "$program" "$@"' bash "$@"
