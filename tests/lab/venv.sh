#!/bin/sh
# venv.sh DIRECTORY FILE: a virtual environment of what FILE pins.
set -eu
directory=$1
requirements=$2
command=$directory/bin/mail-autoconfig
if [ -x "$command" ] && cmp -s "$requirements" "$directory/requirements.txt"; then
    touch "$directory/requirements.txt" # newer than FILE again, which is how make knows
    exit 0
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo 'python3 lacks its venv module: install it (Debian: python3-venv)' >&2
        exit 1
    fi
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        ca-certificates python3-venv
fi
python3 -m venv --clear "$directory"
"$directory/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
# The program, from the clone's sources.
printf '#!/bin/sh\nPYTHONPATH=%s/src exec %s/%s/bin/python -m mail_autoconfig "$@"\n' \
    "$PWD" "$PWD" "$directory" >"$command"
chmod +x "$command"
cp "$requirements" "$directory/requirements.txt"
