"""Read a zone and change it by dynamic update (RFC 2136), signed with TSIG (RFC 8945).

Needs dnspython 2.7 or later; 2.3 does for `add` and `remove`.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.tsig
import dns.update
import dns.xfr
import dns.zone

from .changes import Change, Content, Key

_TIMEOUT = 15.0  # seconds
_LARGEST = 65_000  # octets of a message: what TCP takes (RFC 1035, section 4.2.2), less a signature
_CHANGED = dns.rcode.YXDOMAIN, dns.rcode.YXRRSET, dns.rcode.NXRRSET, dns.rcode.NXDOMAIN
_ADVICE = {
    dns.rcode.NOTAUTH: "does not serve the zone, or does not know the key",
    dns.rcode.REFUSED: "refuses; allow the key to transfer and to update the zone",
    dns.rcode.NOTIMP: "has no dynamic updates",
    dns.rcode.SERVFAIL: "fails (SERVFAIL); see its log",
}


class ZoneError(Exception):
    """A zone that could not be read or changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class UpdateServer:
    """The primary server of zones. `secret` is in base64; without `key`, updates are not signed."""

    address: str
    port: int = 53
    key: str = ""
    secret: str = field(default="", repr=False)
    algorithm: str = "hmac-sha256"

    def read(self, zone: str) -> dict[Key, Content]:
        """Transfer the zone (AXFR, RFC 5936).

        Only a transfer tells records from the answers of a wildcard. Raises ZoneError.
        """
        content = dns.zone.Zone(_absolute(zone), relativize=False)
        query = dns.xfr.make_query(content, serial=None, keyring=self._key())[0]
        try:
            dns.query.inbound_xfr(self.ip(), content, query, self.port, _TIMEOUT, 8 * _TIMEOUT)
        except (dns.exception.DNSException, OSError, EOFError) as error:
            raise self._error(error, "transfer") from error
        return {
            (_text(name), found.rdtype.name): Content(
                tuple(rdata.to_text() for rdata in found), found.ttl
            )
            for name, found in content.iterate_rdatasets()
        }

    def change(self, zone: str, changes: Sequence[Change]) -> None:
        """Apply the changes if the zone still is as they say it was before, else none of them.

        One message, hence one transaction, unless they are too many for one (64 KiB); then whole
        domains go together. Raises ZoneError.
        """
        for part in transactions(zone, changes):
            self._send(_update(zone, part))

    def add(self, zone: str, name: str, type_: str, content: Content) -> None:
        """Add values to a record set, whatever else it has. Raises ZoneError."""
        update = dns.update.UpdateMessage(_absolute(zone))
        update.add(_absolute(name), _rdataset(type_, content))
        self._send(update)

    def remove(self, zone: str, name: str, type_: str, content: Content) -> None:
        """Remove values from a record set, and nothing else of it. Raises ZoneError."""
        update = dns.update.UpdateMessage(_absolute(zone))
        update.delete(_absolute(name), _rdataset(type_, content))
        self._send(update)

    def _send(self, update: dns.update.UpdateMessage) -> None:
        if self.key:
            update.use_tsig(self._key())
        try:
            answer = dns.query.tcp(update, self.ip(), _TIMEOUT, self.port)
        except (dns.exception.DNSException, OSError, EOFError) as error:
            raise self._error(error, "update") from error
        if answer.rcode() in _CHANGED:
            raise ZoneError("changed since it was read; nothing was changed; run again")
        if answer.rcode() != dns.rcode.NOERROR:
            raise self._refused(answer.rcode(), "update")

    def _key(self) -> dns.tsig.Key | None:
        return dns.tsig.Key(self.key, self.secret, self.algorithm) if self.key else None

    def ip(self) -> str:
        """The address to connect to. Raises ZoneError if the name has none."""
        try:
            found = socket.getaddrinfo(self.address, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ZoneError(f"no such server {self.address}: {error.strerror}") from None
        return str(found[0][4][0])

    def _error(self, error: Exception, what: str) -> ZoneError:
        match error:
            case ZoneError():
                return error
            case dns.tsig.PeerBadKey():
                return ZoneError(f"{self.address} does not know the key {self.key}")
            case dns.tsig.PeerBadSignature() | dns.tsig.BadSignature():
                return ZoneError(f"{self.address}: the secret of key {self.key} is wrong")
            case dns.tsig.PeerBadTime() | dns.tsig.BadTime():
                return ZoneError(f"{self.address}: its clock differs from this machine's")
            case dns.xfr.TransferError():
                return self._refused(error.rcode, what)
            case dns.exception.Timeout():
                return ZoneError(f"{self.address} port {self.port} does not answer")
            case OSError():
                return ZoneError(f"{self.address} port {self.port}: {error.strerror or error}")
        return ZoneError(f"{self.address}, {what}: {str(error) or type(error).__name__}")

    def _refused(self, rcode: dns.rcode.Rcode, what: str) -> ZoneError:
        advice = _ADVICE.get(rcode, f"answers {rcode.name}")
        return ZoneError(f"{self.address} {advice} ({what})")


def transactions(zone: str, changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Split changes so that each part fits into one message and a domain's changes stay together.

    Raises ZoneError if one domain's changes are too many.
    """
    yield from _fitting(
        zone, [list(each[1]) for each in groupby(changes, lambda change: change.domain)]
    )


def _fitting(zone: str, domains: list[list[Change]]) -> Iterator[list[Change]]:
    changes = [change for each in domains for change in each]
    try:
        _update(zone, changes).to_wire(max_size=_LARGEST)
    except dns.exception.TooBig:
        if len(domains) == 1:
            raise ZoneError(f"too many changes for {changes[0].domain}") from None
        half = len(domains) // 2
        yield from _fitting(zone, domains[:half])
        yield from _fitting(zone, domains[half:])
    else:
        yield changes


def _update(zone: str, changes: Sequence[Change]) -> dns.update.UpdateMessage:
    """All that must be as before (RFC 2136, section 2.4), then deletions, then additions."""
    update = dns.update.UpdateMessage(_absolute(zone))
    emptied = {change.name for change in changes if change.before}
    for change in changes:
        name = _absolute(change.name)
        if change.before:
            # TTL zero: a prerequisite compares the values alone (section 2.4.2).
            update.present(name, _rdataset(change.type, replace(change.before, ttl=0)))
        elif change.type == "CNAME" and change.name not in emptied:
            # A server drops a CNAME beside other records without a word (section 3.4.2.2).
            update.absent(name)
        else:
            update.absent(name, change.type)
    for change in changes:
        if change.before:
            update.delete(_absolute(change.name), change.type)
    for change in changes:
        if change.after:
            update.add(_absolute(change.name), _rdataset(change.type, change.after))
    return update


def _rdataset(type_: str, content: Content) -> dns.rdataset.Rdataset:
    return dns.rdataset.from_text_list("IN", type_, content.ttl, content.values, relativize=False)


def _absolute(name: str) -> dns.name.Name:
    return dns.name.from_text(name)  # a name without a final dot is below the root


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
