"""Documents of Autoconfig that Thunderbird refuses whole, on the desktop and on Android.

Sources: Thunderbird's readFromXML.sys.mjs; Thunderbird for Android's RealAutoconfigParser.
"""

from __future__ import annotations

import re

from ...formats.client_config import ClientConfig, Server, filled, read
from ..answers import AnswerError, port_of
from ..data import Exchange

_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)
_ANDROID_METHODS = "OAuth2", "password-cleartext", "password-encrypted"


def is_host(text: str) -> bool:
    """Whether a text is a legal host name or address."""
    try:
        name = text.strip().encode("idna").decode()
    except UnicodeError:
        return False
    return (
        _HOST.fullmatch(name) is not None
        or re.fullmatch(r"[0-9a-f:]+:[0-9a-f:.]+", name) is not None
    )


def for_thunderbird(exchange: Exchange, address: str) -> None:
    """Raise AnswerError for what the desktop refuses."""
    _identity(read(exchange.body), address)


def for_android(exchange: Exchange, address: str) -> None:
    """Raise AnswerError for what Android refuses: one server amiss is enough."""
    config = read(exchange.body)
    _identity(config, address)
    there = {"incomingServer": "imap", "outgoingServer": "smtp"}
    servers = [
        each
        for each in config.servers
        if each.place == "emailProvider" and there.get(each.element) == each.type
    ]
    for element, type_ in there.items():
        if not any(each.element == element for each in servers):
            raise AnswerError(f"no {element} of type {type_}")
    for server in servers:
        _server(server, address)


def _identity(config: ClientConfig, address: str) -> None:
    if config.provider is None:
        raise AnswerError("no emailProvider")
    if config.provider.id is None:
        raise AnswerError("emailProvider has no id")
    if not is_host(config.provider.id):
        raise AnswerError(f"emailProvider's id is {config.provider.id!r}, no host name")
    if not any(is_host(filled(each, address)) for each in config.provider.domains):
        raise AnswerError("no <domain> that is a domain name")


def _server(server: Server, address: str) -> None:
    what = f"the {server.type} server"
    if not is_host(filled(server.hostname, address)):
        raise AnswerError(f"{what} has no legal hostname")
    if not port_of(server.port):
        raise AnswerError(f"{what} has no legal port")
    if server.socket_type not in ("SSL", "STARTTLS"):
        raise AnswerError(f"{what} has socketType {server.socket_type or 'missing'}")
    if not any(each in _ANDROID_METHODS for each in server.authentication):
        raise AnswerError(f"{what} has no authentication that it knows")
