"""Mozilla's Autoconfig, and what the IETF makes of it: model -> bytes.

The address stays a placeholder, so an answer is the same for all users of a domain, but where a
user name needs more than one placeholder, or the inventory names single mailboxes.

There is one document for both versions of the format: the draft's clients ask for the URL of
config-v1.1 too, must not reject a document for its version, and skip what they do not know, as
Mozilla's do. It says 1.2 where it has what 1.1 does not know: services behind URLs, ManageSieve.
Source: Mozilla's "Autoconfiguration: config file format"; draft-ietf-mailmaint-autoconfig-06.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from ..formats.words import AUTHENTICATION, HTTP_AUTHENTICATION, PLACEHOLDERS, SOCKET_TYPES
from ..inventory.addresses import PLACEHOLDER, Address
from ..inventory.clients import for_autoconfig
from ..inventory.mailboxes import login, personal
from ..inventory.model import Domain, Protocol, Server, Settings, WebProtocol, WebServer
from ..templates import template
from .pieces import joined, piece, split

MEDIA_TYPE = "text/xml"

_ELEMENTS: dict[Protocol | WebProtocol, str] = {
    "imap": "incomingServer",
    "pop3": "incomingServer",
    "smtp": "outgoingServer",
    "jmap": "incomingServer",
    "activesync": "incomingServer",
    "caldav": "calendar",
    "carddav": "addressbook",
    "webdav": "fileShare",
    "managesieve": "setupServer",
}
_TYPES: dict[WebProtocol, str] = {"activesync": "activeSync"}  # where the draft's name differs

_template = template("autoconfig.xml")


# The kinds of pieces: a domain's three names, a host.
_NAME, _DISPLAY_NAME, _SHORT_NAME, _HOST = "ndsh"


@dataclass(frozen=True, slots=True)
class _Whose:
    """What differs between two domains of a provider, and between two of their users."""

    name: str
    display_name: str
    short_name: str
    host: Callable[[Server], str]
    username: Callable[[Server | WebServer], str]
    url: Callable[[WebServer], str]


def render(domain: Domain, address: Address | None = None) -> bytes:
    """Return the settings for all users of `domain`, or for `address` where it is `personal`."""
    if address is None or not personal(domain.settings):
        return _for_all(domain)
    whose = _Whose(
        domain.name,
        domain.display_name,
        domain.short_name,
        lambda server: server.host_for(domain.name),
        lambda server: login(domain.settings, server, address),
        lambda server: address.fill_url(server.url),
    )
    return _render(domain.settings, whose).encode()


def _for_all(domain: Domain) -> bytes:
    names = {_NAME: domain.name, _DISPLAY_NAME: domain.display_name, _SHORT_NAME: domain.short_name}

    def fill(kind: str, pattern: str) -> str:
        return escape(names.get(kind) or pattern.replace("{domain}", domain.name))

    return joined(_pieces(domain.settings), fill)


# Domains of one provider share its settings, so all but their names is rendered once.
@lru_cache(maxsize=1024)
def _pieces(settings: Settings) -> tuple[str, ...]:
    whose = _Whose(
        piece(_NAME, ""),
        piece(_DISPLAY_NAME, ""),
        piece(_SHORT_NAME, ""),
        lambda server: piece(_HOST, server.host) if "{" in server.host else server.host,
        lambda server: _placeholders(server.username),
        lambda server: _placeholders(server.url),
    )
    return split(_render(settings, whose))


def _placeholders(pattern: str) -> str:
    """Translate a pattern into the format's own placeholders."""
    return PLACEHOLDER.sub(lambda match: PLACEHOLDERS[match[1]], pattern)


def _render(settings: Settings, whose: _Whose) -> str:
    web_servers = [_web_server(server, whose) for server in settings.web_servers]
    setup_servers = [
        _server(server, whose)
        for server in settings.servers
        if _ELEMENTS[server.type] == "setupServer"
    ]
    return _template.render(
        domain=whose,
        settings=settings,
        version="1.2" if web_servers or setup_servers else "1.1",
        mail_servers=[_server(each, whose) for each in for_autoconfig(settings)],
        # After the others: a client that knows 1.1 alone may take the first.
        mail_web_servers=[row for row in web_servers if row[0] == "incomingServer"],
        web_servers=[row for row in web_servers if row[0] != "incomingServer"],
        setup_servers=setup_servers,
        own_xml=Markup(_placeholders(settings.autoconfig_xml)),  # noqa: S704 (the validator's: XML)
    )


def _server(
    server: Server, whose: _Whose
) -> tuple[str, str, str, int, str, str, list[str], int | None]:
    return (
        _ELEMENTS[server.type],
        server.type,
        whose.host(server),
        server.port,
        SOCKET_TYPES[server.security],
        whose.username(server),
        [AUTHENTICATION[method] for method in server.authentication],
        server.leave_on_server,
    )


def _web_server(
    server: WebServer, whose: _Whose
) -> tuple[str, str, str, str, list[tuple[str, str]]]:
    return (
        _ELEMENTS[server.type],
        _TYPES.get(server.type, server.type),
        whose.url(server),
        whose.username(server),
        [HTTP_AUTHENTICATION[method] for method in server.authentication],
    )
