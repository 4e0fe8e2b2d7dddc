from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import dns.name
import dns.rdata
import pytest

from mail_autoconfig.answers.pacc import txt_record
from mail_autoconfig.inventory.names import served_names
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.zones.records import (
    AddressError,
    by_zone,
    quoted,
    records,
    relative,
    unquoted,
    zone_of,
)

ADDRESSES = ip_address("192.0.2.1"), ip_address("2001:db8::1")
GENERIC = "autoconfig.hoster.example"


def made(
    *domains: dict[str, Any], host: str = "", authorities: tuple[str, ...] = ()
) -> dict[tuple[str, str], tuple[str, ...]]:
    configuration = parse({"domains": domains, "generic_host": host})
    return {
        (record.name, record.type): record.values
        for record in records(configuration, ADDRESSES, authorities)
    }


def test_certificate_without_a_generic_host() -> None:
    assert made({"name": "example.com", "provider": "gandi", "apex": True}) == {
        ("autodiscover.example.com", "A"): ("192.0.2.1",),
        ("autodiscover.example.com", "AAAA"): ("2001:db8::1",),
        ("autoconfig.example.com", "A"): ("192.0.2.1",),
        ("autoconfig.example.com", "AAAA"): ("2001:db8::1",),
        ("example.com", "A"): ("192.0.2.1",),
        ("example.com", "AAAA"): ("2001:db8::1",),
        ("_autodiscover._tcp.example.com", "SRV"): ("0 0 443 autodiscover.example.com.",),
        ("_imaps._tcp.example.com", "SRV"): ("0 1 993 mail.gandi.net.",),
        ("_imap._tcp.example.com", "SRV"): ("0 0 0 .",),
        ("_pop3s._tcp.example.com", "SRV"): ("1 1 995 mail.gandi.net.",),
        ("_pop3._tcp.example.com", "SRV"): ("0 0 0 .",),
        ("_submissions._tcp.example.com", "SRV"): ("2 1 465 mail.gandi.net.",),
        ("_submission._tcp.example.com", "SRV"): ("0 0 0 .",),
    }


def test_srv_has_what_that_way_needs_alone() -> None:
    found = made({"name": "s.example", "provider": "gandi", "discovery": "srv"}, host=GENERIC)
    mail = {key: value for key, value in found.items() if "example.com" not in value[0]}
    leading = {key: value for key, value in mail.items() if not value[0].endswith((".net.", " ."))}
    assert leading == {
        (GENERIC, "A"): ("192.0.2.1",),
        (GENERIC, "AAAA"): ("2001:db8::1",),
        ("autoconfig.s.example", "CNAME"): (f"{GENERIC}.",),
        ("_autodiscover._tcp.s.example", "SRV"): (f"0 0 443 {GENERIC}.",),
    }


def test_aliases_stand_alone() -> None:
    """A CNAME has no other record beside it, and no SRV record leads to one (RFC 1034, 2782)."""
    found = made(
        {"name": "b.example", "provider": "gandi", "apex": True},
        {"name": "autoconfig.b.example", "provider": "gandi"},  # has an MX record
        {"name": "hoster.example", "provider": "gandi"},
        host=GENERIC,
    )
    aliases = {name for name, type_ in found if type_ == "CNAME"}
    assert aliases == {
        "autodiscover.b.example",
        "autodiscover.autoconfig.b.example",
        "autoconfig.autoconfig.b.example",
        "autodiscover.hoster.example",
    }
    assert not [key for key in found if key[0] in aliases and key[1] != "CNAME"]
    targets = {values[0].split()[-1] for (_, type_), values in found.items() if type_ == "SRV"}
    assert not targets & {f"{alias}." for alias in aliases}


def test_pacc() -> None:
    """draft-ietf-mailmaint-pacc: the document's host, and the document's digest."""
    raw = {"domains": [{"name": "example.com", "provider": "gandi", "pacc": True}]}
    configuration = parse(raw)
    found = {
        (record.name, record.type): record.values for record in records(configuration, ADDRESSES)
    }
    assert found["ua-auto-config.example.com", "A"] == ("192.0.2.1",)
    (value,) = found["_ua-auto-config.example.com", "TXT"]
    assert unquoted(value) == txt_record(configuration.domains["example.com"])


@pytest.mark.parametrize("host", ["", GENERIC])
def test_every_served_name_has_a_record(host: str) -> None:
    raw = {
        "generic_host": host,
        "domains": [
            {"name": "example.com", "provider": "gandi", "apex": True, "pacc": True},
            {"name": "bücher.example", "provider": "microsoft365"},
        ],
    }
    configuration = parse(raw)
    names = {r.name for r in records(configuration, ADDRESSES) if r.type in ("A", "CNAME")}
    assert names == set(served_names(configuration))


def test_exchange_is_not_announced() -> None:
    servers = [{"type": kind, "host": "outlook.example"} for kind in ("imap", "smtp")]
    raw = {
        "providers": {"exchange": {"servers": servers, "autodiscover": False}},
        "domains": [{"name": "example.com", "provider": "exchange"}],
    }
    found = {record.name for record in records(parse(raw), ADDRESSES)}
    assert "_autodiscover._tcp.example.com" not in found
    assert "_imaps._tcp.example.com" in found


def test_servers_of_each_kind() -> None:
    servers = [
        {"type": "imap", "host": "mail.{domain}", "security": "starttls"},
        {"type": "imap", "host": "old.example", "security": "none"},
        {"type": "imap", "host": "two.example", "port": 1143, "security": "starttls"},
        {"type": "smtp", "host": "mail.{domain}", "security": "starttls"},
        {"type": "managesieve", "host": "mail.{domain}", "security": "starttls"},
        {"type": "caldav", "url": "https://dav.{domain}/cal/"},
        {"type": "caldav", "url": "https://Dä.example.:8443/"},
        {"type": "carddav", "url": "https://dav.example/{localpart}/"},
        {"type": "jmap", "url": "https://jmap.example/session"},
        {"type": "webdav", "url": "https://dav.example/files"},
    ]
    found = made({"name": "example.com", "servers": servers})
    services = {
        name.removesuffix(".example.com"): values
        for (name, type_), values in found.items()
        if type_ == "SRV" and name != "_autodiscover._tcp.example.com"
    }
    none = ("0 0 0 .",)
    assert services == {
        "_imaps._tcp": none,
        "_imap._tcp": ("0 1 143 mail.example.com.", "2 1 1143 two.example."),
        "_pop3s._tcp": none,
        "_pop3._tcp": none,
        "_submissions._tcp": none,
        "_submission._tcp": ("3 1 587 mail.example.com.",),
        "_sieve._tcp": ("4 1 4190 mail.example.com.",),
        "_caldavs._tcp": ("0 1 443 dav.example.com.", "1 1 8443 xn--d-0fa.example."),
        "_carddavs._tcp": ("0 1 443 dav.example.",),
        "_jmap._tcp": ("0 1 443 jmap.example.",),
    }
    texts = {name: values for (name, type_), values in found.items() if type_ == "TXT"}
    assert texts == {"_caldavs._tcp.example.com": ('"path=/cal/"',)}


def test_authorities_are_named_where_no_other_name_is_bound() -> None:
    found = made(
        {"name": "example.com", "provider": "gandi", "apex": True},
        host=GENERIC,
        authorities=("letsencrypt.org", "ca.example"),
    )
    caa = {name: values for (name, type_), values in found.items() if type_ == "CAA"}
    assert caa == {GENERIC: ('0 issue "letsencrypt.org"', '0 issue "ca.example"')}


def test_no_address() -> None:
    configuration = parse({"domains": [{"name": "example.com", "provider": "gandi"}]})
    with pytest.raises(AddressError, match=r"^no address for autodiscover.example.com, autoconfig"):
        records(configuration)


def test_default_entry_has_no_records() -> None:
    assert set(made({"name": "*", "provider": "gandi"}, host=GENERIC)) == {
        (GENERIC, "A"),
        (GENERIC, "AAAA"),
    }


def test_values_are_what_a_zone_file_may_hold() -> None:
    dav = {"type": "caldav", "url": 'https://dav.example/a"b\\c;d'}
    domains: list[dict[str, Any]] = [
        {"name": f"{provider}.example", "provider": provider}
        for provider in ("gandi", "google", "microsoft365", "fastmail")
    ]
    domains.append({"name": "dav.example", "servers": [dav]})
    found = made(*domains, authorities=("letsencrypt.org",))
    for (_, type_), values in found.items():
        for value in values:
            read = dns.rdata.from_text("IN", type_, value, dns.name.root, relativize=False)
            assert read.to_text() == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", '""'),
        ("path=/", '"path=/"'),
        ('a"b\\c', r'"a\"b\\c"'),
        ("ü", '"\\195\\188"'),
        ("a" * 256, f'"{"a" * 255}" "a"'),
    ],
)
def test_quoted(text: str, value: str) -> None:
    assert quoted(text) == value


def test_zones() -> None:
    zones = {"example.com", "sub.example.com"}
    assert zone_of("a.sub.example.com", zones) == "sub.example.com"
    assert zone_of("sub.example.com", zones) == "sub.example.com"
    assert zone_of("asub.example.com", zones) == "example.com"
    assert zone_of("example.org", zones) is None
    assert relative("a.sub.example.com", "example.com") == "a.sub"
    assert relative("example.com", "example.com") == "@"


def test_by_zone() -> None:
    raw = {
        "generic_host": GENERIC,
        "domains": [
            {"name": "sub.example.com", "provider": "gandi", "discovery": "srv"},
            {"name": "example.org", "provider": "gandi", "discovery": "srv"},
        ],
    }
    found = by_zone(records(parse(raw), ADDRESSES), ["example.com", "_tcp.example.org"])
    assert {zone: len(each) for zone, each in found.items()} == {
        "hoster.example": 2,
        "example.com": 8,
        "example.org": 1,
        "_tcp.example.org": 7,
    }


def test_mailconf_is_for_hands() -> None:
    raw = {"domains": [{"name": "example.com", "provider": "gandi", "mailconf": True}]}
    (record,) = [each for each in records(parse(raw), ADDRESSES) if each.by_hand]
    url = "https://autoconfig.example.com/mail/config-v1.1.xml"
    assert (record.name, record.type) == ("example.com", "TXT")
    assert record.values == (f'"mailconf={url}"',)


def test_jmap_has_its_record() -> None:
    servers = [{"type": "jmap", "url": "https://jmap.{domain}/session"}]
    found = made({"name": "example.com", "servers": servers})
    assert found["_jmap._tcp.example.com", "SRV"] == ("0 1 443 jmap.example.com.",)
