#!/bin/sh
# The role on the Windows of tests/windows/hosts.yml: check, converge, no change again, absent.
set -eu
log=$(mktemp)
run() {
    echo "== $*"
    ansible-playbook -i tests/windows/hosts.yml --diff "$@" mailhost.autoconfig.windows >"$log" || status=$?
    cat "$log"
    [ "${status:-0}" -eq 0 ]
}
changed() {
    grep -q "^runner .* changed=$1 " "$log"
}
run --check
changed 1
run
changed 1
run --check
changed 0
run
changed 0
run -e autoconfig_outlook_policy=true
changed 1
run -e autoconfig_outlook_state=absent
changed 1
run -e autoconfig_outlook_state=absent
changed 0
