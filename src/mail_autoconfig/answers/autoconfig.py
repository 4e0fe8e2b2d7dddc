"""Mozilla's Autoconfig, and what the IETF makes of it: model -> bytes.

The address stays a placeholder, so an answer is the same for all users of a domain, but where a
user name needs more than one placeholder, or the inventory or a source names single mailboxes.

There is one document for both versions of the format: the draft's clients ask for the URL of
config-v1.1 too, must not reject a document for its version, and skip what they do not know, as
Mozilla's do. It says 1.2 where it has what 1.1 does not know: services behind URLs, ManageSieve.
Source: Mozilla's "Autoconfiguration: config file format"; draft-ietf-mailmaint-autoconfig-06.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from markupsafe import Markup

from ..formats.words import AUTHENTICATION, HTTP_AUTHENTICATION, PLACEHOLDERS, SOCKET_TYPES
from ..inventory.addresses import PLACEHOLDER, Address
from ..inventory.clients import for_autoconfig
from ..inventory.mailboxes import personal
from ..inventory.model import Domain, Protocol, Server, Settings, WebProtocol, WebServer
from ..templates import template
from .pieces import Pieces, escaped, joined, piece, split

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


# The kinds of pieces: a domain's three names; a host, a user name and a URL, which are patterns.
_NAME, _DISPLAY_NAME, _SHORT_NAME, _HOST, _LOGIN, _URL = "ndshlu"

_Own = Callable[[str, str], str]  # a kind and a pattern -> what stands for it in a template


def render(domain: Domain, address: Address | None = None) -> bytes:
    """Return the settings for all users of `domain`, or for `address` where it is `personal`."""
    return _filled(domain, address) if address and personal(domain) else _for_all(domain)


# Most servers have few domains, each of which is asked for again and again.
@lru_cache(maxsize=256)
def _for_all(domain: Domain) -> bytes:
    return _filled(domain, None)


def _filled(domain: Domain, one: Address | None) -> bytes:
    own_login = one and domain.own_login(one.localpart)

    def fill(kind: str, pattern: str) -> str:
        if kind == _NAME:
            return domain.name
        if kind == _DISPLAY_NAME:
            return escaped(domain.display_name)
        if kind == _SHORT_NAME:
            return escaped(domain.short_name)
        if one is None or kind == _HOST:
            return escaped(pattern.replace("{domain}", domain.name))
        return escaped(one.fill_url(pattern) if kind == _URL else own_login or one.fill(pattern))

    return joined(_pieces(domain.settings, for_one=one is not None), fill)


def _placeholders(pattern: str) -> str:
    """Translate a pattern into the format's own placeholders."""
    return PLACEHOLDER.sub(lambda match: PLACEHOLDERS[match[1]], pattern)


# Domains of one provider share its settings, so all but what differs is rendered once: for all
# users of a domain, or for one, who needs user names and URLs filled in.
@lru_cache(maxsize=1024)
def _pieces(settings: Settings, *, for_one: bool) -> Pieces:
    own = piece if for_one else lambda _kind, pattern: _placeholders(pattern)
    web_servers = [_web_server(server, own) for server in settings.web_servers]
    setup_servers = [
        _server(each, own) for each in settings.servers if _ELEMENTS[each.type] == "setupServer"
    ]
    answer = _template.render(
        name=piece(_NAME, ""),
        display_name=piece(_DISPLAY_NAME, ""),
        short_name=piece(_SHORT_NAME, ""),
        settings=settings,
        version="1.2" if web_servers or setup_servers else "1.1",
        mail_servers=[_server(each, own) for each in for_autoconfig(settings)],
        # After the others: a client that knows 1.1 alone may take the first.
        mail_web_servers=[row for row in web_servers if row[0] == "incomingServer"],
        web_servers=[row for row in web_servers if row[0] != "incomingServer"],
        setup_servers=setup_servers,
        own_xml=Markup(_placeholders(settings.autoconfig_xml)),  # noqa: S704 (the validator's: XML)
    )
    return split(answer)


def _server(
    server: Server, own: _Own
) -> tuple[str, str, str, int, str, str, list[str], int | None]:
    return (
        _ELEMENTS[server.type],
        server.type,
        piece(_HOST, server.host) if "{" in server.host else server.host,
        server.port,
        SOCKET_TYPES[server.security],
        own(_LOGIN, server.username),
        [AUTHENTICATION[method] for method in server.authentication],
        server.leave_on_server,
    )


def _web_server(server: WebServer, own: _Own) -> tuple[str, str, str, str, list[tuple[str, str]]]:
    return (
        _ELEMENTS[server.type],
        _TYPES.get(server.type, server.type),
        own(_URL, server.url) if "{" in server.url else server.url,
        own(_LOGIN, server.username),
        [HTTP_AUTHENTICATION[method] for method in server.authentication],
    )
