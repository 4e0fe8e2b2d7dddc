"""What the answers say, against the rules of their formats: bytes -> findings and settings.

The rules are those whose breach a client has been seen to punish, or its documentation names.
Sources: Microsoft's cc511507 and MS-OXDSCLI; Mozilla's "Autoconfiguration: config file format";
draft-ietf-mailmaint-autoconfig-06; RFC 8314.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from ...inventory.names import normalise
from ..answers import (
    AUTHENTICATION,
    POX_RESPONSE,
    POX_ROOT,
    POX_TYPES,
    SOCKET_TYPES,
    XML_TYPES,
    port_of,
)
from ..catalogue import finding
from ..data import Exchange, Finding, Setting

Format = Literal["pox", "config"]

_POX_OTHERS = {"DAV", "WEB", "NNTP", "EXCH", "EXPR", "EXHTTP", "MobileSync"}
_POX_SECURITY = {"SSL": "tls", "TLS": "starttls", "NONE": "none"}
# Beside those that are ways to log in; "" is none of ours.
_METHODS = AUTHENTICATION | dict.fromkeys(("client-IP-address", "TLS-client-cert", "none"), "")
_SERVERS = {"incomingServer": ("imap", "pop3"), "outgoingServer": ("smtp",)}
_WEB_INCOMING = "jmap", "activeSync", "exchange", "ews", "graph"
_WEB_SERVICES = {
    "calendar": ("caldav",),
    "addressbook": ("carddav",),
    "fileShare": ("webdav",),
}
_HTTP_AUTHENTICATION = {
    "Basic": "password",
    "Digest": "password_encrypted",
    "OAuth2": "oauth2",
    "Negotiate": "gssapi",
}
_LONGEST_NAMES = {"displayName": 60, "displayShortName": 20}

# Port: what it is for (RFC 8314, IANA's registry).
_TLS_PORTS = {993: "imap", 995: "pop3", 465: "smtp"}
_STARTTLS_PORTS = {143: 993, 110: 995, 587: 465, 25: 465}


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer is found to say: its faults, and its mail servers as far as they are clear."""

    findings: tuple[Finding, ...]
    settings: tuple[Setting, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether a client finds settings there."""
        return bool(self.settings) and not any(each.severity == "error" for each in self.findings)


def read(exchange: Exchange, format_: Format, address: str) -> Reading:
    """Judge a complete answer of status 200 to a question for `address`."""
    subject = exchange.request.url.partition("?")[0]
    found: list[Finding] = []
    if exchange.media_type == "text/html":
        return Reading((finding("answer-page", subject),))
    if exchange.media_type not in XML_TYPES:
        shown = exchange.media_type or "none"
        found.append(finding("answer-content-type", subject, type=shown))
    try:
        root = defusedxml.ElementTree.fromstring(exchange.body, forbid_dtd=True)
    except DefusedXmlException:
        return Reading((*found, finding("answer-dtd", subject)))
    except (ParseError, ValueError, LookupError) as error:  # LookupError: an unknown encoding
        return Reading((*found, finding("answer-not-xml", subject, text=error)))
    reader = _Pox(subject, address) if format_ == "pox" else _Config(subject, address)
    settings = tuple(reader.read(root))
    for setting in settings:
        found += _pairs(subject, setting)
    return Reading((*found, *reader.found), settings)


def _pairs(subject: str, setting: Setting) -> Iterator[Finding]:
    server = f"{setting.type} {setting.host}"
    if setting.security == "starttls" and setting.port in _TLS_PORTS:
        yield finding("settings-starttls", subject, server=server, port=setting.port)
    if setting.security == "tls" and setting.port in _STARTTLS_PORTS:
        should = _STARTTLS_PORTS[setting.port]
        yield finding("settings-tls", subject, server=server, port=setting.port, should=should)
    if setting.security == "none":
        yield finding("settings-plain", subject, server=server)


class _Reader:
    def __init__(self, subject: str, address: str) -> None:
        self.subject = subject
        self.address = address
        self.found: list[Finding] = []

    def fault(self, code: str, /, **values: object) -> None:
        self.found.append(finding(code, self.subject, **values))


class _Pox(_Reader):
    def read(self, root: Element) -> Iterator[Setting]:
        if root.tag != f"{{{POX_ROOT}}}Autodiscover":
            should = f"Autodiscover in {POX_ROOT}"
            self.fault("pox-root", found=_tag(root), should=should)
            return
        response = next((child for child in root if _local(child) == "Response"), None)
        if response is None:
            self.fault("pox-account", element="Response", found="missing", should="there")
            return
        code = response.findtext("{*}Error/{*}ErrorCode")
        if code is not None:
            message = response.findtext("{*}Error/{*}Message") or "no message"
            self.fault("pox-error", number=code.strip(), message=message.strip())
            return
        if response.tag != f"{{{POX_RESPONSE}}}Response":
            self.fault("pox-namespace", found=_namespace(response), should=POX_RESPONSE)
            return
        account = response.find(f"{{{POX_RESPONSE}}}Account")
        if account is None:
            self.fault("pox-account", element="Account", found="missing", should="there")
            return
        self.expect(account, "AccountType", "email")
        action = self.value(account, "Action")
        if action in ("redirectUrl", "redirectAddr"):
            return
        self.expect(account, "Action", "settings")
        yield from self.protocols(account)

    def value(self, parent: Element, name: str) -> str | None:
        text = parent.findtext(f"{{{POX_RESPONSE}}}{name}")
        return text.strip() if text and text.strip() else None

    def expect(self, parent: Element, name: str, should: str) -> None:
        found = self.value(parent, name)
        if found is None or found.lower() != should:
            self.fault("pox-account", element=name, found=found or "missing", should=should)

    def protocols(self, account: Element) -> Iterator[Setting]:
        protocols = account.findall(f"{{{POX_RESPONSE}}}Protocol")
        types = [self.value(protocol, "Type") or "missing" for protocol in protocols]
        for type_, protocol in zip(types, protocols, strict=True):
            if type_ in POX_TYPES:
                yield from self.server(type_, protocol)
            elif type_ not in _POX_OTHERS:
                self.fault("pox-type", found=type_)
        if not set(types) & {*POX_TYPES, "EXCH", "EXPR"}:
            self.fault("pox-no-server")

    def server(self, type_: str, protocol: Element) -> Iterator[Setting]:
        login = self.value(protocol, "LoginName")
        if login is None:
            self.fault("pox-login", type=type_)
        spa = self.value(protocol, "SPA") or "missing"
        if spa.lower() != "off":
            self.fault("pox-spa", type=type_, found=spa)
        if (self.value(protocol, "DomainRequired") or "off").lower() == "on":
            self.fault("pox-domain-required", type=type_)
        if (self.value(protocol, "AuthRequired") or "on").lower() == "off":
            self.fault("pox-auth-required", type=type_)
        ssl_ = (self.value(protocol, "SSL") or "on").lower()
        encryption = self.value(protocol, "Encryption")
        security = "tls" if ssl_ == "on" else "none"
        if encryption and encryption.upper() != "AUTO":
            if encryption.upper() not in _POX_SECURITY:
                self.fault("pox-encryption", type=type_, found=encryption)
            security = _POX_SECURITY.get(encryption.upper(), security)
        if ssl_ == "off" and security != "none":
            self.fault("pox-ssl-off", type=type_, found=encryption)
        host, port = self.value(protocol, "Server"), self.value(protocol, "Port")
        if host is None:
            self.fault("pox-account", element=f"{type_}: Server", found="missing", should="there")
        if not _is_port(port):
            self.fault("pox-port", type=type_, found=port or "missing")
        if host and port and _is_port(port):
            user = login or self.address.rpartition("@")[0]
            yield Setting(POX_TYPES[type_], host, int(port), security, user, ("password",))


class _Config(_Reader):
    def read(self, root: Element) -> Iterator[Setting]:
        if root.tag != "clientConfig":
            self.fault("config-root", found=_tag(root))
            return
        if root.get("version") not in ("1.1", "1.2"):
            self.fault("config-version", found=root.get("version") or "missing")
        provider = root.find("emailProvider")
        if provider is None:
            self.fault("config-no-server", element="emailProvider")
            return
        self.provider(provider)
        for element, types in _SERVERS.items():
            servers = provider.findall(element)
            if not servers:
                self.fault("config-no-server", element=element)
            for server in servers:
                type_ = server.get("type", "missing")
                if type_ in types:
                    yield from self.server(type_, server)
                elif type_ not in _WEB_INCOMING:
                    should = " or ".join(types)
                    self.fault(
                        "config-element", type=element, element="type", found=type_, should=should
                    )

        for element, types in _WEB_SERVICES.items():
            for service in root.findall(element):
                if service.get("type") in types and service.findtext("url"):
                    yield self.service(types[0], service)

    def service(self, type_: str, service: Element) -> Setting:
        """A service behind a URL (draft-ietf-mailmaint-autoconfig-06)."""
        methods = ((each.text or "").strip() for each in service.findall("authentication"))
        return Setting(
            type_,
            "",
            0,
            "tls",
            self.filled((service.findtext("username") or "").strip()),
            tuple(filter(None, (_HTTP_AUTHENTICATION.get(each) for each in methods))),
            self.filled((service.findtext("url") or "").strip()),
        )

    def provider(self, provider: Element) -> None:
        domain = _spelt(self.address.rpartition("@")[2])
        listed = {_spelt((each.text or "").strip()) for each in provider.findall("domain")}
        if not listed & {domain, "%emaildomain%"}:
            self.fault("config-domain", domain=domain)
        for name, most in _LONGEST_NAMES.items():
            text = provider.findtext(name)
            if text is not None and len(text) > most:
                self.fault("config-name", element=name, length=len(text), most=most)

    def server(self, type_: str, server: Element) -> Iterator[Setting]:
        values = {
            name: (server.findtext(name) or "").strip()
            for name in ("hostname", "port", "socketType", "username")
        }
        methods = [(each.text or "").strip() for each in server.findall("authentication")]
        allowed = {
            "hostname": (values["hostname"] != "", "a host name"),
            "port": (_is_port(values["port"]), "1 to 65535"),
            "socketType": (values["socketType"] in SOCKET_TYPES, "SSL, STARTTLS or plain"),
            "username": (values["username"] != "", "the user name, such as %EMAILADDRESS%"),
            "authentication": (
                any(each in _METHODS for each in methods),
                "password-cleartext, OAuth2 or another that clients know",
            ),
        }
        for element, (is_right, should) in allowed.items():
            if not is_right:
                shown = values.get(element, ", ".join(methods)) or "missing"
                self.fault(
                    "config-element", type=type_, element=element, found=shown, should=should
                )
        if allowed["hostname"][0] and allowed["port"][0] and allowed["socketType"][0]:
            yield Setting(
                type_,
                self.filled(values["hostname"]),
                int(values["port"]),
                SOCKET_TYPES[values["socketType"]],
                self.filled(values["username"]),
                tuple(filter(None, (_METHODS.get(each) for each in methods))),
            )

    def filled(self, text: str) -> str:
        """The text with its placeholders replaced."""
        localpart, _at, domain = self.address.rpartition("@")
        placeholders: Mapping[str, str] = {
            "%EMAILADDRESS%": self.address,
            "%EMAILLOCALPART%": localpart,
            "%EMAILDOMAIN%": domain,
        }
        for placeholder, value in placeholders.items():
            text = text.replace(placeholder, value)
        return text


def _is_port(text: str | None) -> bool:
    return port_of(text or "") > 0


def _spelt(domain: str) -> str:
    """The one spelling of a domain: addresses have U-labels, answers mostly A-labels."""
    try:
        return normalise(domain)
    except ValueError:  # a placeholder
        return domain.lower()


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _namespace(element: Element) -> str:
    return element.tag.rpartition("}")[0].lstrip("{") or "no namespace"


def _tag(element: Element) -> str:
    return f"{_local(element)} in {_namespace(element)}"


def disagreements(subject: str, source: str, found: Reading, other: Reading) -> Iterator[Finding]:
    """Where two answers lead clients to different servers: the first of each type is taken."""
    for type_ in ("imap", "pop3", "smtp"):
        ours, theirs = (
            [_shown(each) for each in reading.settings if each.type == type_]
            for reading in (found, other)
        )
        if ours and theirs and ours[0] != theirs[0]:
            yield finding(
                "settings-disagree", subject, found=ours[0], other=theirs[0], source=source
            )


def _shown(setting: Setting) -> str:
    where = f"{setting.type} {setting.host.lower()}:{setting.port}"
    return f"{where} {setting.security} as {setting.username}"
