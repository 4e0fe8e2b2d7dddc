from __future__ import annotations

from typing import Any

from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.inventory.read import parse

IMAP = {"type": "imap", "host": "m.example.com"}
SMTP = {"type": "smtp", "host": "m.example.com"}


def configuration(*names: str, **more: Any) -> Configuration:
    domains = [{"name": name, "provider": "gandi"} for name in names]
    return parse({"domains": domains, "generic_host": "generic.example"} | more)


def found(configuration: Configuration, host: str) -> str | None:
    domain = configuration.find_by_host(host)
    return domain.name if domain else None


def test_find() -> None:
    one = configuration("example.com")
    assert one.find("example.com")
    assert one.find("sub.example.com") is None
    assert len(one) == 1


def test_default_entry_takes_the_name_that_was_asked_for() -> None:
    both = configuration("example.com", "*")
    other = both.find("other.example")
    assert other
    assert (other.name, other.written) == ("other.example", "other.example")
    assert both.find("example.com") is both.domains["example.com"]
    assert "*" not in both.domains
    assert len(both) == 2


def test_find_by_host() -> None:
    one = configuration("example.com")
    assert found(one, "example.com") == "example.com"
    assert found(one, "autoconfig.example.com") == "example.com"
    assert found(one, "autodiscover.example.com") == "example.com"
    assert found(one, "ua-auto-config.example.com") == "example.com"
    assert found(one, "www.example.com") is None
    assert found(one, "autoconfig.autoconfig.example.com") is None


def test_a_listed_domain_whose_name_begins_with_autoconfig() -> None:
    listed = configuration("autoconfig.example.com", "*")
    assert found(listed, "autoconfig.example.com") == "autoconfig.example.com"
    assert found(listed, "autoconfig.other.example") == "other.example"


def test_names_shown() -> None:
    domains = [
        {"name": "bücher.example", "servers": [IMAP, SMTP]},
        {"name": "gandi.example", "provider": "gandi"},
        {"name": "own.example", "provider": "gandi", "display_name": "Own", "short_name": "O"},
        {"name": "a" * 63 + ".example", "servers": [IMAP, SMTP]},
    ]
    shown = [
        (domain.display_name, domain.short_name)
        for domain in parse({"domains": domains}).domains.values()
    ]
    assert shown == [
        ("bücher.example", "bücher.example"),
        ("Gandi Mail", "Gandi"),
        ("Own", "O"),
        ("a" * 60, "a" * 20),
    ]


def test_host_for() -> None:
    server = IMAP | {"host": "mail.{domain}"}
    domain = parse({"domains": [{"name": "bücher.example", "servers": [server, SMTP]}]}).find(
        "xn--bcher-kva.example"
    )
    assert domain
    assert domain.settings.servers[0].host_for(domain.name) == "mail.xn--bcher-kva.example"
