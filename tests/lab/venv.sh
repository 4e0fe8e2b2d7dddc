#!/bin/sh
# venv.sh DIRECTORY: a virtual environment of what requirements.txt pins.
set -eu
here=$(dirname "$0")
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo 'python3 lacks its venv module: install it (Debian: python3-venv)' >&2
        exit 1
    fi
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        ca-certificates python3-venv
fi
python3 -m venv "$1"
"$1/bin/pip" install --quiet --disable-pip-version-check -r "$here/../requirements.txt"
cp "$here/../requirements.txt" "$1/"
