from __future__ import annotations

from mail_autoconfig.outlook import Value
from mail_autoconfig.outlook_files import reg_file

VALUES = (
    Value(r"Microsoft\Outlook\setup", "One", 1),
    Value(r"Microsoft\Outlook\setup", "Large", 0xABCDEF01),
    Value(r"Microsoft\Outlook\Hosts", "a.example", ""),
)


def test_reg_file_is_as_regedit_writes_it() -> None:
    assert reg_file(VALUES) == b"\xff\xfe" + (
        "Windows Registry Editor Version 5.00\r\n"
        "\r\n"
        "[HKEY_CURRENT_USER\\Software\\Microsoft\\Outlook\\setup]\r\n"
        '"One"=dword:00000001\r\n'
        '"Large"=dword:abcdef01\r\n'
        "\r\n"
        "[HKEY_CURRENT_USER\\Software\\Microsoft\\Outlook\\Hosts]\r\n"
        '"a.example"=""\r\n'
        "\r\n"
    ).encode("utf-16-le")
