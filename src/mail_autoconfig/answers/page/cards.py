"""The settings of an address, as cards to copy from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...inventory.addresses import Address
from ...inventory.mailboxes import is_asked, login
from ...inventory.model import Domain, Protocol, Server, Settings, WebServer

_TITLES = {
    "imap": "incoming",
    "pop3": "incoming",
    "smtp": "outgoing",
    "managesieve": "filters",
    "caldav": "calendars",
    "carddav": "contacts",
    "webdav": "files",
    "jmap": "all_services",
    "activesync": "all_services",
}
_KINDS = {
    "imap": "IMAP",
    "pop3": "POP3",
    "smtp": "SMTP",
    "managesieve": "ManageSieve",
    "caldav": "CalDAV",
    "carddav": "CardDAV",
    "webdav": "WebDAV",
    "jmap": "JMAP",
    "activesync": "Exchange ActiveSync",
}


@dataclass(frozen=True, slots=True)
class Card:
    """A server; a row is label, value, and whether to copy it."""

    title: str
    kind: str
    rows: tuple[tuple[str, str, bool], ...]


def preferred(settings: Settings) -> tuple[Server, ...]:
    """The server for incoming and the one for outgoing mail that people should take."""
    incoming = _best(settings, "imap") or _best(settings, "pop3")
    return tuple(filter(None, (incoming, _best(settings, "smtp"))))


def cards(
    t: Mapping[str, str], domain: Domain, address: Address
) -> tuple[tuple[Card, ...], tuple[Card, ...]]:
    """The cards that everybody needs, and those for below a fold."""
    settings = domain.settings
    first: tuple[Server | WebServer, ...] = preferred(settings)
    every: tuple[Server | WebServer, ...] = (*settings.servers, *settings.web_servers)
    rest = tuple(server for server in every if not any(server is each for each in first))
    if not first:
        first, rest = rest, ()
    made = (tuple(_card(t, domain, server, address) for server in part) for part in (first, rest))
    return next(made), next(made)


def _best(settings: Settings, protocol: Protocol) -> Server | None:
    """The first server of a protocol that a program of today takes, else the first."""
    servers = [server for server in settings.servers if server.type == protocol]
    return min(servers, key=_weakness, default=None)


def _weakness(server: Server) -> tuple[bool, bool]:
    return (
        server.security == "none",
        not {"password", "password_encrypted", "oauth2"}.intersection(server.authentication),
    )


def _card(
    t: Mapping[str, str], domain: Domain, server: Server | WebServer, address: Address
) -> Card:
    where: tuple[tuple[str, str, bool], ...]
    if isinstance(server, Server):
        where = (
            (t["server"], server.host_for(domain.name), True),
            (t["port"], str(server.port), True),
            (t["security"], t[f"security_{server.security}"], False),
        )
    else:
        where = ((t["server"], address.fill_url(server.url), True),)
    rows = (*where, *_user_name(t, domain, server, address), _log_in(t, server))
    return Card(t[_TITLES[server.type]], _KINDS[server.type], rows)


def _log_in(t: Mapping[str, str], server: Server | WebServer) -> tuple[str, str, bool]:
    method = server.authentication[0]
    return t["password" if method == "password" else "log_in"], t[f"log_in_{method}"], False


def _user_name(
    t: Mapping[str, str], domain: Domain, server: Server | WebServer, address: Address
) -> Iterator[tuple[str, str, bool]]:
    if is_asked(domain, server, address):
        yield t["user_name"], t["user_name_ask"], False
    elif server.authentication[0] != "none":
        yield t["user_name"], login(domain, server, address), True
