"""One domain without a file, for a container: what some variables of the environment say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .fields import ConfigurationError
from .model import PORTS, Protocol

DOMAIN = "AUTOCONFIG_DOMAIN"
PROVIDER = "AUTOCONFIG_PROVIDER"
SERVERS: Mapping[str, Protocol] = {"AUTOCONFIG_IMAP": "imap", "AUTOCONFIG_SMTP": "smtp"}


def configuration(environ: Mapping[str, str]) -> dict[str, Any] | None:
    """The raw configuration of the domain in `environ`; None if it names none.

    Raises ConfigurationError where there is one of the other variables alone.
    """
    given = {name: environ[name] for name in (DOMAIN, PROVIDER, *SERVERS) if environ.get(name)}
    if DOMAIN not in given:
        if given:
            raise ConfigurationError([f"{next(iter(given))} without {DOMAIN}; set it too"])
        return None
    domain: dict[str, Any] = {"name": given[DOMAIN]}
    if PROVIDER in given:
        domain["provider"] = given[PROVIDER]
    servers = [_server(kind, given[name]) for name, kind in SERVERS.items() if name in given]
    if servers:
        domain["servers"] = servers
    return {"domains": [domain]}


def _server(kind: Protocol, written: str) -> dict[str, Any]:
    """A server of `HOST` or `HOST:PORT`; without a port, or at another one, it has TLS."""
    host, colon, port = written.partition(":")
    if not colon:
        return {"type": kind, "host": host, "security": "tls"}
    if not port.isdecimal():
        return {"type": kind, "host": written, "security": "tls"}  # the validator says what it is
    security = "starttls" if int(port) == PORTS[kind]["starttls"] else "tls"
    return {"type": kind, "host": host, "port": int(port), "security": security}
