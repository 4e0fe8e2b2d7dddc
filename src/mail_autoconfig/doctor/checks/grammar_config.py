"""The rules of Autoconfig's clientConfig: what it says -> findings and settings.

Sources: Mozilla's "Autoconfiguration: config file format"; draft-ietf-mailmaint-autoconfig-06.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...formats.client_config import (
    AUTHENTICATION,
    HTTP_AUTHENTICATION,
    ROOT,
    SECURITY,
    ClientConfig,
    Provider,
    Server,
    filled,
)
from ...formats.words import PLACEHOLDERS
from ...inventory.names import normalise
from ..answers import port_of
from ..catalogue import finding
from ..data import Finding, Setting
from ..replays.strict import is_host

_VERSIONS = "1.1", "1.2"
_SERVERS = {"incomingServer": ("imap", "pop3"), "outgoingServer": ("smtp",)}
_WEB_INCOMING = "jmap", "activeSync", "exchange", "ews", "graph"
_WEB_SERVICES = {"calendar": "caldav", "addressbook": "carddav", "fileShare": "webdav"}
_USER = "the user name, such as %EMAILADDRESS%"
_NO_LOGIN = "client-IP-address", "TLS-client-cert", "none"  # no method of ours, and no fault


def judge_config(config: ClientConfig, subject: str, address: str) -> Iterator[Finding | Setting]:
    """The faults of a document for the user of `address`, and its servers as far as clear."""
    if config.root != ROOT:
        yield finding("config-root", subject, found=config.root.in_full)
        return
    if config.version not in _VERSIONS:
        yield finding("config-version", subject, found=config.version or "missing")
    if config.provider is None:
        yield finding("config-no-server", subject, element="emailProvider")
        return
    yield from _provider(config.provider, subject, address)
    servers = [each.stripped() for each in config.servers]
    for element, types in _SERVERS.items():
        alike = [each for each in servers if _is_at(each, element, "emailProvider")]
        if not alike:
            yield finding("config-no-server", subject, element=element)
        for server in alike:
            if server.type in types:
                yield from _server(server, subject, address)
            elif server.type not in _WEB_INCOMING:
                example = f'<{element} type="{types[0]}">'
                yield _wrong(subject, element, "type", server.type, " or ".join(types), example)
    for element, type_ in _WEB_SERVICES.items():
        for server in servers:
            if _is_at(server, element, "clientConfig") and server.type == type_ and server.url:
                yield _service(server, address)


def _is_at(server: Server, element: str, place: str) -> bool:
    return (server.element, server.place) == (element, place)


def _wrong(
    subject: str, of: str, element: str, found: str, should: str, example: str = ""
) -> Finding:
    return finding(
        "config-element",
        subject,
        type=of,
        element=element,
        found=found or "missing",
        should=should,
        example=example,
    )


def _provider(provider: Provider, subject: str, address: str) -> Iterator[Finding]:
    domain = _spelt(address.rpartition("@")[2])
    if provider.id is None or not is_host(provider.id):
        should = "a host name: Thunderbird refuses the document otherwise"
        example = f'<emailProvider id="{domain}">'
        yield _wrong(subject, "emailProvider", "id", provider.id or "", should, example)
    listed = {_spelt(each.strip()) for each in provider.domains}
    if not any(is_host(filled(each, address)) for each in provider.domains):
        shown = ", ".join(provider.domains)
        should = f"a domain name, such as {domain}"
        yield _wrong(
            subject, "emailProvider", "domain", shown, should, f"<domain>{domain}</domain>"
        )
    elif not listed & {domain, PLACEHOLDERS["domain"].lower()}:
        yield finding("config-domain", subject, domain=domain)
    for element, text, most in (
        ("displayName", provider.display_name, 60),
        ("displayShortName", provider.display_short_name, 20),
    ):
        if len(text) > most:
            yield finding("config-name", subject, element=element, length=len(text), most=most)


def _spelt(domain: str) -> str:
    """The one spelling of a domain: addresses have U-labels, answers mostly A-labels."""
    try:
        return normalise(domain)
    except ValueError:  # a placeholder
        return domain.lower()


def _server(server: Server, subject: str, address: str) -> Iterator[Finding | Setting]:
    port, security = port_of(server.port), SECURITY.get(server.socket_type)
    knows_a_method = any(each in (*AUTHENTICATION, *_NO_LOGIN) for each in server.authentication)
    methods = ", ".join(server.authentication)
    usual: Mapping[str, int] = {"imap": 993, "pop3": 995, "smtp": 465}
    methods_of_ours = "password-cleartext, OAuth2 or another that clients know"
    for element, is_right, found, should, example in (
        ("hostname", server.hostname, server.hostname, "a host name", ""),
        ("port", port, server.port, "1 to 65535", usual[server.type]),
        ("socketType", security, server.socket_type, "SSL, STARTTLS or plain", "SSL"),
        ("username", server.username, "", _USER, "%EMAILADDRESS%"),
        ("authentication", knows_a_method, methods, methods_of_ours, "password-cleartext"),
    ):
        if not is_right:
            text = f"<{element}>{example}</{element}>" if example else ""
            yield _wrong(subject, server.type, element, found, should, text)
    if server.hostname and port and security:
        its = server.filled(address)
        known = _known(server.authentication, AUTHENTICATION)
        yield Setting(server.type, its.hostname, port, security, its.username, known)


def _service(server: Server, address: str) -> Setting:
    """A service behind a URL (draft-ietf-mailmaint-autoconfig-06)."""
    its = server.filled(address)
    known = _known(server.authentication, HTTP_AUTHENTICATION)
    return Setting(server.type, "", 0, "tls", its.username, known, its.url)


def _known(words: Sequence[str], table: Mapping[str, str]) -> tuple[str, ...]:
    """The ways to log in that have a word of ours."""
    return tuple(table[each] for each in words if each in table)
