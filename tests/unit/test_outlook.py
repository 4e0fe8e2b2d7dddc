from __future__ import annotations

from mail_autoconfig.outlook import VALUES, Value, reg_file


def test_file_is_as_regedit_writes_it() -> None:
    assert reg_file(VALUES) == b"\xff\xfe" + (
        "Windows Registry Editor Version 5.00\r\n"
        "\r\n"
        "[HKEY_CURRENT_USER\\SOFTWARE\\Microsoft\\Office\\16.0\\Outlook\\setup]\r\n"
        '"DisableOffice365SimplifiedAccountCreation"=dword:00000001\r\n'
        "\r\n"
    ).encode("utf-16-le")


def test_data_is_hexadecimal() -> None:
    assert '"n"=dword:000000ff' in reg_file([Value("k", "n", 255)]).decode("utf-16")
