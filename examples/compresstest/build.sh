#!/bin/bash
# Compiles the function; installs Debian's Go first where there is none.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v go >/dev/null; then
    echo "Installing Go (apt-get install golang-go) ..." >&2
    if [ "$(id -u)" = 0 ]; then as_root=(); else as_root=(sudo); fi
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends golang-go >&2
fi
# Without C the executable needs nothing of the system that it runs on.
GO111MODULE=off CGO_ENABLED=0 go build -ldflags='-s -w' -o code/bootstrap .
