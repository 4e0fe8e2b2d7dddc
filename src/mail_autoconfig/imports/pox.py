"""An answer of Outlook's Autodiscover that is a file: autodiscover.xml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..formats import pox
from ..formats.words import POX_WEB_TYPES
from ..formats.xml_tree import XmlError, named, root_of
from ..inventory.addresses import pattern_of
from ..inventory.model import PORTS, RELAY, Protocol
from .draft import Draft, Raw, Source, SourceError
from .mozilla import pattern

_WEB_TYPES = {word.lower(): type_ for type_, word in POX_WEB_TYPES.items()}
_WEBMAIL = "WEB"
_USUAL_HOURS = 1  # that Outlook keeps an answer without TTL (MS-OXDSCLI)
# Where TLS does not begin with the first byte, whatever SSL says (RFC 8314).
_PLAIN_FIRST = {143, 110, 587, RELAY}


def read(octets: bytes, domains: Sequence[str] = (), address: str = "") -> Source:
    """What the answer says to the user of `address`; empty: that of its LoginName.

    Raises SourceError.
    """
    try:
        answer = pox.read(octets, loose=True)
    except XmlError as error:
        raise SourceError(f"no well-formed XML: {error}") from None
    if answer.account is None:
        why = f"error {answer.error.code}: {answer.error.message}" if answer.error else "no Account"
        raise SourceError(f"no settings in it: {why}")
    account = answer.account.stripped()
    left: list[str] = []
    logins = [each.login_name for each in account.protocols if "@" in each.login_name]
    known = address or next((each for each in logins if "{" not in each and "%" not in each), "")
    if known and not address:
        left.append(f"LoginName {known}: taken for the whole address; else give --address")
    names = tuple(domains) or tuple(filter(None, [known.rpartition("@")[2].lower()]))
    if not names:
        raise SourceError("it names no domain of its own; give it by --domain DOMAIN")
    if account.redirect_url or account.redirect_address:
        target = (
            {"url": account.redirect_url}
            if account.redirect_url
            else {"address": pattern_of(account.redirect_address, known)}
        )
        left.append(
            "a redirect and no servers: write the servers that Autoconfig should name, and "
            f"redirect: {target}"
        )
    servers = [raw for each in account.protocols if (raw := _server(each, known, left))]
    extras = dict(_extras(octets, account))
    return Source((Draft(names, tuple(servers), extras),), tuple(left))


def _extras(octets: bytes, account: pox.Account) -> Iterator[tuple[str, object]]:
    """The webmail, and how many hours Outlook keeps the answer, where that is not usual."""
    for protocol in account.protocols:
        if protocol.type.upper() == _WEBMAIL and protocol.server:
            yield "webmail", {"login_page": protocol.server}
            break
    hours = next((each.text or "" for each in named(root_of(octets), "TTL")), "").strip()
    if hours.isdecimal() and len(hours) < 6 and int(hours) != _USUAL_HOURS:
        yield "ttl_hours", int(hours)


def _server(protocol: pox.Protocol, address: str, left: list[str]) -> Raw:
    if protocol.type.upper() == _WEBMAIL:
        return {}
    kind: Any = pox.TYPES.get(protocol.type.upper()) or _WEB_TYPES.get(protocol.type.lower())
    if kind is None:
        left.append(f"Protocol of Type {protocol.type or 'none'}: no such service here")
        return {}
    raw: Raw = {"type": kind}
    login = pattern(protocol.login_name) if protocol.login_name else "{localpart}"
    raw["username"] = pattern_of(login, address) if address else login
    if kind in _WEB_TYPES.values():
        raw["url"] = pattern(protocol.server)
        return raw
    name = f"{kind} {protocol.server}"
    raw |= {"host": pattern(protocol.server), **_port(kind, protocol, name, left)}
    if protocol.spa.lower() == "on":
        left.append(f"{name}: SPA on, a log-in of Windows: taken is a password")
    if protocol.domain_required.lower() == "on":
        left.append(f"{name}: DomainRequired on: Outlook asks for no Windows domain here")
    if protocol.auth_required.lower() == "off":
        if kind == "smtp":
            raw["authentication"] = "none"
        else:
            left.append(f"{name}: AuthRequired off: {kind} has a log-in here")
    return raw


def _port(kind: Protocol, protocol: pox.Protocol, name: str, left: list[str]) -> Raw:
    """Port and security as Outlook reads them: SSL is on where it is missing (MS-OXDSCLI)."""
    number = int(protocol.port) if protocol.port.isdecimal() and len(protocol.port) < 6 else 0
    if protocol.port and not number:
        left.append(f"{name}: port {protocol.port} is no number")
    security = pox.ENCRYPTION.get(protocol.encryption.lower())
    if security is None:
        security = "none" if protocol.ssl.lower() == "off" else "tls"
        if security == "tls" and number in _PLAIN_FIRST:
            left.append(
                f"{name}: SSL on and no Encryption, but port {number} begins in plain text; "
                "taken as starttls"
            )
            security = "starttls"
    if not number:
        number = PORTS[kind].get(security, 0)
    return {"port": number, "security": security}
