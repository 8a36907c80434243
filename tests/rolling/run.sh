#!/bin/sh
# Runs an older build beside this one: tests/rolling/run.sh OLD_REF [arguments of the test program]
# Builds the executable of a commit into a temporary folder and this tree's tests, then rolls three regions from the old build to this one and back under load.
# Prints what callers saw; the exit code is 0 only where no request failed.
set -eu

if [ $# -lt 1 ]; then
    echo "usage: $0 OLD_REF [arguments of the test program]    (a commit, tag or branch, for example HEAD~1)" >&2
    exit 2
fi

root=$(cd "$(dirname "$0")/../.." && pwd)
ref=$(git -C "$root" rev-parse --verify --quiet "$1^{commit}") || { echo "'$1' is no commit of this repository" >&2; exit 2; }
shift
temp=$(mktemp -d)
trap 'git -C "$root" worktree remove --force "$temp/tree" 2>/dev/null || true; rm -rf "$temp"' EXIT INT TERM

git -C "$root" worktree add --quiet --detach "$temp/tree" "$ref"
echo "building $ref ..."
(cd "$temp/tree" && ArtifactsPath="$temp/old" dotnet build src/Silo -v q -m:1 -clp:ErrorsOnly)
echo "building this tree ..."
(cd "$root" && dotnet build tests/Cluster.Tests -v q -m:1 -clp:ErrorsOnly)

artifacts=${ArtifactsPath:-$root/artifacts}
old="$temp/old/bin/Silo/debug/meridian-server.dll"
# Older commits build the executable under its former name.
[ -e "$old" ] || old="$temp/old/bin/Silo/debug/Meridian.Silo.dll"
MERIDIAN_OLD_BUILD="$old" \
    "$artifacts/bin/Cluster.Tests/debug/Meridian.Cluster.Tests" -explicit only -class "*OldBesideNewTests" -showLiveOutput "$@"
