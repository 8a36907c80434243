#!/bin/sh
# Fetches the chat templates of real models that llama.cpp's source carries (models/templates/*.jinja) into a folder. They come in the git bundle of the npm
# package node-llama-cpp. Needs npm and git.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
mkdir -p "$1"
target=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent node-llama-cpp@3.22.1 > /dev/null
tar xzf node-llama-cpp-*.tgz package/llama/gitRelease.bundle
git clone --quiet --no-checkout package/llama/gitRelease.bundle source
git -C source archive "$(git -C source rev-list --all -1)" models/templates | tar x
cp models/templates/*.jinja "$target"
echo "$(ls "$target"/*.jinja | wc -l) templates in $target"
