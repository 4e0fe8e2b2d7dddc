"""Which servers which clients get, since none may cost another one its servers; and the warnings.

docs/clients.md says for each client what is left out. The standard library alone: the controller
needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .fields import Place
from .model import Authentication, Domain, Protocol, Server, Settings, WebServer

_ORDER: tuple[Protocol, ...] = ("imap", "pop3", "smtp")
_PASSWORDS: frozenset[Authentication] = frozenset({"password", "password_encrypted"})
# Thunderbird for Android refuses a document with a server that has none of these.
_KNOWN = _PASSWORDS | {"oauth2"}


def for_autoconfig(settings: Settings) -> tuple[Server, ...]:
    """The mail servers of Autoconfig's document.

    IMAP is first, since some clients read the first incoming server alone (Geary, SnappyMail); the
    order among servers of one protocol stays. A server that makes a client refuse the whole
    document is left out where its protocol has another one.
    """
    ordered = sorted(settings.mail_servers, key=lambda server: _ORDER.index(server.type))
    readable = {server.type for server in ordered if not _refused(server)}
    return tuple(s for s in ordered if not _refused(s) or s.type not in readable)


def for_outlook(settings: Settings) -> tuple[Server, ...]:
    """The mail servers of Autodiscover, which has no word for OAuth2 and GSSAPI.

    None if that leaves incoming or outgoing mail without a server that the inventory has.
    """
    usable = tuple(s for s in settings.mail_servers if is_for_outlook(s))
    sides = {server.type == "smtp" for server in settings.mail_servers}
    return usable if {server.type == "smtp" for server in usable} == sides else ()


def is_for_outlook(server: Server | WebServer) -> bool:
    """Whether Outlook can log in at a server."""
    return not _PASSWORDS.isdisjoint(server.authentication) or "none" in server.authentication


def _refused(server: Server) -> str:
    """Why Thunderbird for Android refuses a document with this server; empty if it does not.

    It skips POP3 unread.
    """
    if server.type == "pop3":
        return ""
    if server.security == "none":
        return "has no encryption"
    return "" if _KNOWN & {*server.authentication} else _methods(server)


def _methods(server: Server) -> str:
    return f"takes {' or '.join(server.authentication)} alone"


def check_sides(place: Place, settings: Settings) -> None:
    """Find a domain that can only receive or only send, and does not say that this is meant."""
    receives = any(server.type in ("imap", "pop3") for server in settings.servers)
    sends = any(server.type == "smtp" for server in settings.servers)
    effect = "so clients set nothing up"
    if receives and not sends and not settings.receive_only:
        place["servers"].problem(
            f"no smtp, {effect}; add one, or receive_only: true if it is meant"
        )
    if sends and not receives and not settings.send_only:
        place["servers"].problem(
            f"no imap and no pop3, {effect}; add one, or send_only: true if it is meant"
        )
    if settings.receive_only and (sends or not receives):
        what = "there is an smtp server" if sends else "there is no imap or pop3 server"
        place["receive_only"].problem(f"{what}; remove this key")
    if settings.send_only and (receives or not sends):
        what = "there is an imap or pop3 server" if receives else "there is no smtp server"
        place["send_only"].problem(f"{what}; remove this key")


def warnings(domains: Iterable[Domain]) -> tuple[str, ...]:
    """A line for each thing that some client does not read; once for domains that share it."""
    seen: set[int] = set()
    found: list[str] = []
    for domain in domains:
        if id(domain.settings) not in seen:
            seen.add(id(domain.settings))
            found += (f"domain {domain.written}, {line}" for line in _warnings(domain.settings))
    return tuple(dict.fromkeys(found))


def _warnings(settings: Settings) -> Iterator[str]:
    kept = for_autoconfig(settings)
    for server in settings.mail_servers:
        if why := _refused(server):
            where = f"{server.type} {server.host}: {why}"
            if server in kept:
                yield f"{where}; Thunderbird for Android finds nothing"
            else:
                yield f"{where}; Autoconfig leaves it out, for Thunderbird for Android"
    if not settings.autodiscover or settings.redirect or not settings.mail_servers:
        return
    usable = for_outlook(settings)
    for server in settings.mail_servers:
        if not is_for_outlook(server):
            left_out = "Autodiscover leaves it out" if usable else "Outlook finds nothing"
            yield f"{server.type} {server.host}: {_methods(server)}; {left_out}"
