#!/bin/sh
# A step of `make test-slow`: molecule/windows where the kit that makes PCs under Wine is at hand, else one
# line that says what was not run.
set -eu
kit=${AUTOCONFIG_WINDOWS_KIT:-../shared/lab/powershell}
if [ -x "$kit/pc" ]; then
    AUTOCONFIG_WINDOWS_KIT=$(cd "$kit" && pwd)
    export AUTOCONFIG_WINDOWS_KIT
    exec tests/lab/step 'molecule: PCs under Wine, with PowerShell 7' molecule test -s windows
fi
printf '\n== NOT RUN: molecule/windows (Pester suites, the role on PCs and on a Windows controller): no kit in %s\n' "$kit"
