"""What the inventory says of single mailboxes: user names and aliases; and who logs in as what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from . import addresses, fields
from .addresses import PLACEHOLDER, Address
from .fields import Place
from .model import Domain, Server, Settings, WebServer

Value = TypeVar("Value")
_KNOWN_EVERYWHERE = "{email}", "{localpart}"  # alone; not every client fills in anything else


def login(domain: Domain, server: Server | WebServer, address: Address) -> str:
    """The user name of an address at a server."""
    return domain.own_login(address.localpart) or address.fill(server.username)


def is_asked(domain: Domain, server: Server | WebServer, address: Address) -> bool:
    """Whether a client has to ask for the user name, if it can."""
    return server.ask and not domain.own_login(address.localpart)


def personal(domain: Domain) -> bool:
    """Whether user names need the server to fill them in, address by address.

    So it is where the inventory or a source names single mailboxes, and for patterns that are more
    than one placeholder: some clients fill in none of those.
    """
    return domain.has_logins or _personal(domain.settings)


@lru_cache(maxsize=1024)
def _personal(settings: Settings) -> bool:
    servers: tuple[Server | WebServer, ...] = (*settings.servers, *settings.web_servers)
    return bool(settings.usernames) or any(
        PLACEHOLDER.search(server.username) and server.username not in _KNOWN_EVERYWHERE
        for server in servers
    )


def read_usernames(place: Place, raw: Mapping[str, Any]) -> Mapping[str, str]:
    """User names by local part in lower case."""
    return _by_local_part(place["usernames"], raw.get("usernames"), "user names", _username)


def read_aliases(place: Place, raw: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Other addresses by local part in lower case."""
    return _by_local_part(place["aliases"], raw.get("aliases"), "lists of addresses", _aliases)


def _by_local_part(
    place: Place, raw: Any, what: str, read: Callable[[Place, Mapping[str, Any], str], Value]
) -> Mapping[str, Value]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        place.problem(f"{fields.shown(raw)} is not a mapping of local parts to {what}")
        return {}
    found: dict[str, Value] = {}
    for key in raw:
        if not isinstance(key, str):
            place.problem(f'{fields.shown(key)} is not a text; write "{key}"')
        elif not _is_local_part(key):
            place.problem(f"{fields.shown(key)} is not a local part; write what is before the @")
        elif key.lower() in found:
            place[key].problem("there in other letters too; one local part is one mailbox")
        else:
            found[key.lower()] = read(place, raw, key)
    return found


def _is_local_part(text: str) -> bool:
    try:
        return addresses.parse(f"{text}@example.com").localpart == text
    except ValueError:
        return False


def _username(place: Place, raw: Mapping[str, Any], key: str) -> str:
    name = fields.text(place, raw, key) or ""
    if foreign := fields.foreign_placeholder(name):
        place[key].problem(foreign)
    elif "{" in name:
        place[key].problem(f"{fields.shown(name)} is not the name of one mailbox")
    return name


def _aliases(place: Place, raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    place, listed = place[key], raw[key]
    if not fields.is_list(listed):
        place.problem(f"{fields.shown(listed)} is not a list of addresses")
        return ()
    for each in listed:
        try:
            if not isinstance(each, str) or "," in each:  # Apple separates addresses by it
                raise ValueError
            addresses.parse(each)
        except ValueError:
            place.problem(f"{fields.shown(each)} is not an address")
    return tuple(map(str, listed))
