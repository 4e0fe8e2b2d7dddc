from __future__ import annotations

import yaml

from mail_autoconfig.imports.assemble import Inventory
from mail_autoconfig.imports.yaml_text import text

DOMAINS = (
    {"name": "example.com", "provider": "on"},
    {
        "name": "xn--bcher-kva.example",
        "servers": [
            {"type": "imap", "host": "i.test", "port": 1143, "username": "AD\\{localpart}"},
            {"type": "smtp", "host": "s.test", "authentication": ["oauth2", "password"]},
        ],
        "display_name": "yes: #1 'x' \"y\" \\ é",
        "documentation": [{"url": "https://a.test/?b=c", "text": {"en": "1e3", "no": "{x}"}}],
        "receive_only": True,
    },
)
PROVIDERS = {"on": {"servers": [{"type": "imap", "host": "i.test"}], "short_name": "007"}}


def test_what_is_written_is_read_again() -> None:
    written = text(Inventory(DOMAINS, PROVIDERS, ()), "Imported from x")
    assert yaml.safe_load(written) == {
        "autoconfig_domains": [*DOMAINS],
        "autoconfig_providers": PROVIDERS,
    }
    assert written.splitlines()[0] == "# Imported from x"
    assert '  - {name: example.com, provider: "on"}' in written.splitlines()


def test_writing_is_not_turned() -> None:
    domain = {"name": "a.test", "display_name": "a\u202eb\u2028c", "provider": "x"}
    written = text(Inventory((domain,), {}, ()), "x\n\u202ey")
    assert "\u202e" not in written
    assert yaml.safe_load(written)["autoconfig_domains"] == [domain]
