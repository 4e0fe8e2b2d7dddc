#!/bin/sh
# molecule/windows, where the kit that makes PCs under Wine is at hand; else what was not run.
set -eu
kit=${AUTOCONFIG_WINDOWS_KIT:-../shared/lab/powershell}
if [ -x "$kit/pc" ]; then
    exec molecule test -s windows
fi
echo "NOT RUN: PowerShell's scripts and the plays for Windows: no kit in $kit (AUTOCONFIG_WINDOWS_KIT)"
