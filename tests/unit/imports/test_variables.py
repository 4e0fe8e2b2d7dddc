from __future__ import annotations

import pytest

from mail_autoconfig.imports.variables import port_of, read

FOUND = {"IMAP_HOST": "mail.example.com", "COMPANY_NAME": "Acme # 1"}
TEXTS = {
    ".env": 'export IMAP_HOST=mail.example.com # ours\nCOMPANY_NAME="Acme # 1"\n# A=b\nEMPTY=\n',
    "list": "environment:\n  - IMAP_HOST=mail.example.com\n  - 'COMPANY_NAME=Acme # 1'\n",
    "map": "environment:\n  IMAP_HOST: mail.example.com\n  COMPANY_NAME: 'Acme # 1'\n",
    "quoted list": 'environment:\n  - "IMAP_HOST=mail.example.com"\n  - "COMPANY_NAME=Acme # 1"\n',
}


@pytest.mark.parametrize("name", TEXTS)
def test_variables(name: str) -> None:
    assert read(TEXTS[name]) == FOUND


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("143", 143),
        ("127.0.0.1:1143", 1143),
        ("[::1]:993", 993),
        ("", 7),
        ("x", 7),
        ("99999", 7),
        ("1".zfill(6) + "0" * 5000, 7),
    ],
)
def test_ports(text: str, port: int) -> None:
    assert port_of(text, 7) == port
