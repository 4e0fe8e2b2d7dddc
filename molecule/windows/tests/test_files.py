"""The files that set the values without Ansible, as a PC takes them."""

from __future__ import annotations

from mail_autoconfig.outlook.files import powershell, reg_file
from mail_autoconfig.outlook.values import Value, classic
from support.windows_pc import PC, keys_of

VALUES = (
    Value(r"A'B\C", r"back\slash", 'it\'s "that" & $env:PATH'),
    Value(r"A'B\C", "O'Brien [x]", 7),
    *classic(keep=True, back=True),
)
ROOTS = r"HKEY_CURRENT_USER\Software\A'B", r"HKEY_CURRENT_USER\Software\Microsoft\Office"


def test_script_and_reg_file_set_the_same() -> None:
    pc = PC("pc2")
    expected = keys_of(reg_file(VALUES).decode("utf-16"))
    assert len(expected) == 3

    def found() -> dict[str, dict[str, str]]:
        exported = [pc.export(root) for root in ROOTS]
        return {key: values for keys in exported for key, values in keys.items() if values}

    pc.put("outlook.ps1", powershell(VALUES))
    pc.put("outlook.reg", reg_file(VALUES))
    for command in (
        ("/kit/pc", "run", "/pcs/pc2", "-File", r"C:\outlook.ps1"),
        ("/kit/pc", "run", "/pcs/pc2", "-File", r"C:\outlook.ps1"),
        ("wine", "regedit", "/S", r"C:\outlook.reg"),
    ):
        pc.run(*command)
        assert found() == expected
    pc.merge("\n".join(f"[-{root}]" for root in ROOTS))
    assert found() == {}
