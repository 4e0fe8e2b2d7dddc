"""The messages; what servers make of them is molecule/dns's part."""

from __future__ import annotations

import socket
from collections.abc import Iterable

import dns.exception
import dns.message
import dns.rcode
import dns.rrset
import dns.tsig
import dns.xfr
import pytest

from mail_autoconfig.zones.changes import Change, Content
from mail_autoconfig.zones.rfc2136 import UpdateServer, ZoneError, _update, transactions

ZONE = "example.com"
ALIAS = Content(("host.example.",), 300)


def lines(rrsets: Iterable[dns.rrset.RRset]) -> list[str]:
    return [rrset.to_text() for rrset in rrsets]


def test_update_asks_that_all_is_as_it_was_read() -> None:
    changes = [
        Change(ZONE, "a.example.com", "A", Content(("192.0.2.1",), 60), None),
        Change(ZONE, "a.example.com", "CNAME", None, ALIAS),
        Change(ZONE, "b.example.com", "CNAME", None, ALIAS),
        Change(ZONE, "c.example.com", "SRV", None, Content(("0 0 0 .",), 300)),
    ]
    update = _update(ZONE, changes)
    assert lines(update.prerequisite) == [
        "a.example.com. 0 IN A 192.0.2.1",
        "a.example.com. NONE CNAME",
        "b.example.com. NONE ANY",  # the name is not in use
        "c.example.com. NONE SRV",
    ]
    assert lines(update.update) == [
        "a.example.com. ANY A",
        "a.example.com. 300 IN CNAME host.example.",
        "b.example.com. 300 IN CNAME host.example.",
        "c.example.com. 300 IN SRV 0 0 0 .",
    ]
    assert lines(update.zone) == ["example.com. IN SOA"]


def test_no_server_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = UpdateServer("127.0.0.1", port)
    with pytest.raises(ZoneError, match=f"^127.0.0.1 port {port}: Connection refused$"):
        server.read(ZONE)
    with pytest.raises(ZoneError, match=f"^127.0.0.1 port {port}: Connection refused$"):
        server.change(ZONE, [Change(ZONE, "b.example.com", "CNAME", None, ALIAS)])
    with pytest.raises(ZoneError, match=r"^no such server nowhere.invalid: "):
        UpdateServer("nowhere.invalid").read(ZONE)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (dns.tsig.PeerBadKey(), "ns.example does not know the key k"),
        (dns.tsig.PeerBadSignature(), "ns.example: the secret of key k is wrong"),
        (dns.tsig.PeerBadTime(), "ns.example: its clock differs from this machine's"),
        (dns.exception.Timeout(), "ns.example port 53 does not answer"),
        (EOFError(), "ns.example, update: EOFError"),
        (dns.xfr.TransferError(dns.rcode.REFUSED), "ns.example refuses; allow the key to transfer"),
        (dns.xfr.TransferError(dns.rcode.NXRRSET), "ns.example answers NXRRSET (update)"),
    ],
)
def test_errors_say_what_to_do(error: Exception, said: str) -> None:
    found = UpdateServer("ns.example", key="k", secret="c2VjcmV0")._error(error, "update")
    assert str(found).startswith(said)


def test_secret_is_not_shown() -> None:
    assert "c2VjcmV0" not in repr(UpdateServer("ns.example", key="k", secret="c2VjcmV0"))


def test_changes_that_are_too_many_for_one_message() -> None:
    """Domains stay whole, and each change is in one of the parts."""
    text = Content(tuple(f'"{number:0200}"' for number in range(20)), 60)
    changes = [
        Change(f"d{number}.example", f"{label}.d{number}.example", "TXT", None, text)
        for number in range(30)
        for label in ("a", "b")
    ]
    parts = list(transactions("example", changes))
    assert len(parts) > 1
    assert [change for part in parts for change in part] == changes
    domains = [{change.domain for change in part} for part in parts]
    assert sum(map(len, domains)) == 30
    assert list(transactions("example", changes[:1])) == [changes[:1]]


def test_domain_that_is_too_big() -> None:
    text = Content(tuple(f'"{number:0200}"' for number in range(400)), 60)
    with pytest.raises(ZoneError, match=r"^too many changes for d.example"):
        list(transactions("example", [Change("d.example", "a.d.example", "TXT", None, text)]))
