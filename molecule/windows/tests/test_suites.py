"""The Pester suites of tests/windows, whole, as a Windows runs them."""

from __future__ import annotations

import json

from support.windows_pc import PC

SUITES = "policy.Tests.ps1", "users.Tests.ps1"
SCRIPT = r"""
Import-Module Pester
$ran = Invoke-Pester -Path Z:\project\tests\windows -PassThru -Output None
$tests = foreach ($test in $ran.Tests) {
    $file = [IO.Path]::GetFileName($test.ScriptBlock.File)
    $said = $test.ErrorRecord -join '; '
    @{ name = $test.ExpandedPath; file = $file; result = $test.Result; said = $said }
}
'RESULT ' + (ConvertTo-Json -Compress -InputObject @($tests))
"""


def test_each_test_passes() -> None:
    said = PC("pc1").powershell("-Command", SCRIPT)
    (line,) = [line for line in said.splitlines() if line.startswith("RESULT ")]
    tests = json.loads(line.removeprefix("RESULT "))
    assert {test["file"] for test in tests} == set(SUITES)
    assert [test for test in tests if test["result"] != "Passed"] == []
