#!/bin/sh
# A container engine: the one that answers, else Debian's docker.io, installed and started.
set -eu
pidfile=/run/autoconfig-lab-engine.pid
log=/var/log/autoconfig-lab-engine.log

answers() { docker version >/dev/null 2>&1; }

fail() {
    echo "$*" >&2
    exit 1
}

install_engine() {
    command -v apt-get >/dev/null || fail 'no container engine: install Docker'
    apt-get update -q
    packages='ca-certificates docker.io iptables'
    # Since Debian 13 the client is a package of its own.
    ! apt-cache show docker-cli >/dev/null 2>&1 || packages="$packages docker-cli"
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
}

# A pid file left by an engine that was ended hard keeps a new one from starting once its number
# belongs to another program.
drop_stale() {
    [ -e "$1" ] || return 0
    [ "$(cat "/proc/$(cat "$1")/comm" 2>/dev/null)" = "$2" ] || rm -f "$1"
}

start_engine() {
    if [ -d /run/systemd/system ]; then
        systemctl start docker || fail 'the engine did not start: see journalctl -u docker'
        return
    fi
    drop_stale /run/docker.pid dockerd
    drop_stale "$pidfile" dockerd
    drop_stale /run/docker/containerd/containerd.pid containerd
    setsid dockerd --pidfile "$pidfile" >"$log" 2>&1 </dev/null &
}

if ! answers; then
    [ "$(id -u)" -eq 0 ] || fail 'no container engine answers: start one, or run this as root'
    command -v dockerd >/dev/null && command -v docker >/dev/null || install_engine
    answers || start_engine
    for _ in $(seq 60); do
        ! answers || break
        sleep 1
    done
    answers || fail "the engine did not start: $(tail -n 1 "$log" 2>/dev/null)"
fi
docker version --format 'Docker Engine {{.Server.Version}}'
