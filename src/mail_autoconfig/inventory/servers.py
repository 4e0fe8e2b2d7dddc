"""The servers of a provider or domain: raw lists -> `Server` and `WebServer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from . import fields, keys
from .fields import Place
from .keys import Key
from .model import PORTS, RELAY, Authentication, Protocol, Security, Server, WebServer

_TYPES = (*keys.SERVER["type"].choices, *keys.WEB_SERVER["type"].choices)
Value = TypeVar("Value")
_EXAMPLE = "d-d--d.d-d--d"  # in place of {domain}, where a host name is checked


def read_servers(place: Place, raw: Any) -> tuple[tuple[Server, ...], tuple[WebServer, ...]]:
    """The servers with a host and those behind a URL, each in the order of the list."""
    servers: list[Server] = []
    web_servers: list[WebServer] = []
    if not fields.is_list(raw) or not raw:
        place.problem("no server; list at least one")
        return (), ()
    for entry in raw:
        if not isinstance(entry, Mapping):
            place.problem(f"{fields.shown(entry)} is not a mapping")
            continue
        here = place.entry(entry)
        if entry.get("type") in keys.WEB_SERVER["type"].choices:
            web_servers.append(_web_server(here, entry))
        else:
            servers.append(_server(here, entry))
    return tuple(servers), tuple(web_servers)


def _server(place: Place, raw: Mapping[str, Any]) -> Server:
    fields.check_keys(place, raw, keys.SERVER)
    protocol: Protocol = fields.choice(place, raw, "type", _TYPES)
    port, security = _endpoint(place, raw, protocol)
    username, ask = fields.username(place, raw)
    authentication = _authentication(place, raw, keys.SERVER)
    if "none" in authentication and protocol != "smtp":
        place["authentication"].problem(f"none is for smtp alone; {protocol} needs a log-in")
    return Server(
        type=protocol,
        host=_host(place["host"], raw.get("host")),
        port=port,
        security=security,
        username=username,
        authentication=authentication,
        ask=ask,
        path_prefix=_of(place, raw, "path_prefix", protocol, "imap", _path_prefix),
        leave_on_server=_of(place, raw, "leave_on_server", protocol, "pop3", _leave_on_server),
    )


def _of(
    place: Place,
    raw: Mapping[str, Any],
    key: str,
    protocol: Protocol,
    owner: Protocol,
    read: Callable[[Place, Mapping[str, Any]], Value | None],
) -> Value | None:
    """The value of a key that one protocol alone has."""
    if raw.get(key) is None:
        return None
    if protocol != owner:
        place[key].problem(f"of {owner} alone; remove this key")
        return None
    return read(place, raw)


def _path_prefix(place: Place, raw: Mapping[str, Any]) -> str | None:
    longest = keys.SERVER["path_prefix"].longest
    return fields.text(place, raw, "path_prefix", longest=longest)


def _leave_on_server(place: Place, raw: Mapping[str, Any]) -> int | None:
    """False, True (both are numbers in Python), or days."""
    value, declared = raw["leave_on_server"], keys.SERVER["leave_on_server"]
    if isinstance(value, bool):
        return value
    if (days := fields.number(value, declared)) is None:
        place["leave_on_server"].problem(
            f"{fields.shown(value)} is neither true nor false nor a number of days; use "
            f"{declared.smallest} to {declared.largest}"
        )
    return days


def _endpoint(place: Place, raw: Mapping[str, Any], protocol: Protocol) -> tuple[int, Security]:
    """Port and security: what one of them leaves open, the other decides."""
    allowed = keys.SERVER["security"].choices
    port = _port(place["port"], raw.get("port"))
    written: Security | None = None
    if raw.get("security") is not None:
        written = fields.choice(place, raw, "security", allowed)
    if protocol not in PORTS:  # said already
        return port or 0, written or "tls"
    usual = PORTS[protocol]
    if port is None:
        security = next(iter(usual)) if written is None else written
        if security not in usual:
            place["port"].problem(
                f"missing; {protocol} has no registered port for {security}: write the port, or "
                f"security: {next(iter(usual))}"
            )
        return usual.get(security, 0), security
    if place["security"].has_problem or place["port"].has_problem:
        return port, written or "tls"
    return port, _security(place, protocol, port, written)


def _security(place: Place, protocol: Protocol, port: int, written: Security | None) -> Security:
    """The security of a port, which a registered one has of its own."""
    known = registered(protocol)
    ports = ", ".join(f"{number} ({kinds[0]})" for number, kinds in known.items())
    owner = next((other for other in PORTS if other != protocol and port in registered(other)), "")
    if port in known:
        if written and written not in known[port]:
            other = PORTS[protocol].get(written)
            place["security"].problem(
                f"port {port} of {protocol} begins with {_BEGINS[known[port][0]]}; write "
                f"security: {known[port][0]}" + (f", or port: {other}" if other else "")
            )
        return written or known[port][0]
    if owner:
        place["port"].problem(f"{port} is a port of {owner}; {protocol} has {ports}")
    elif not written:
        place["security"].problem(
            f"missing; port {port} is not a registered one of {protocol}: write tls, starttls or "
            f"none. Registered are {ports}"
        )
    return written or "tls"


_BEGINS = {"tls": "TLS", "starttls": "plain text, then STARTTLS"}


def registered(protocol: Protocol) -> dict[int, tuple[Security, ...]]:
    """The registered ports of a protocol, and what each may mean, the usual first."""
    found: dict[int, tuple[Security, ...]] = {}
    for security, port in PORTS[protocol].items():
        found[port] = (*found.get(port, ()), security)
    if protocol == "smtp":
        found[RELAY] = found[PORTS["smtp"]["starttls"]]
    return found


def _host(place: Place, raw: Any) -> str:
    if not isinstance(raw, str) or "{domain}" not in raw:
        return fields.host_name(place, raw) or ""
    checked = fields.host_name(place, raw.replace("{domain}", _EXAMPLE), written=raw)
    if checked and _EXAMPLE not in checked:
        place.problem(f"{fields.shown(raw)} has other letters than ASCII beside {{domain}}")
    return (checked or "").replace(_EXAMPLE, "{domain}")


def _port(place: Place, raw: Any) -> int | None:
    declared = keys.SERVER["port"]
    if raw is None:
        return None
    if (number := fields.number(raw, declared)) is None:
        place.problem(
            f"{fields.shown(raw)} is not a port; use {declared.smallest} to {declared.largest}"
        )
        return 0
    return number


def _web_server(place: Place, raw: Mapping[str, Any]) -> WebServer:
    fields.check_keys(place, raw, keys.WEB_SERVER)
    url = raw.get("url")
    if not isinstance(url, str) or not fields.is_https(url):
        foreign = isinstance(url, str) and fields.foreign_placeholder(url)
        place["url"].problem(foreign or f"{fields.shown(url)} is not a URL; use https://HOST/PATH")
    principal = fields.flag(place, raw, "principal", default=False)
    if principal and raw["type"] not in ("caldav", "carddav"):
        place["principal"].problem("of caldav and carddav alone; remove this key")
    username, ask = fields.username(place, raw)
    return WebServer(
        type=raw["type"],
        url=str(url),
        username=username,
        authentication=_authentication(place, raw, keys.WEB_SERVER),
        ask=ask,
        principal=principal,
    )


def _authentication(
    place: Place, raw: Mapping[str, Any], declared: Mapping[str, Key]
) -> tuple[Authentication, ...]:
    value = raw.get("authentication", "password")
    methods = list(value) if fields.is_list(value) else [value]
    allowed = declared["authentication"].choices
    words = ", ".join(allowed)
    place = place["authentication"]
    if not methods:
        place.problem(f"empty; use one or more of {words}")
    for method in methods:
        if method not in allowed:
            place.problem(f"no method {fields.shown(method)}; use one or more of {words}")
    return tuple(methods)
