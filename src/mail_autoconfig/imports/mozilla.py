"""A clientConfig of Mozilla's Autoconfig: config-v1.1.xml, or a file of Thunderbird's ISPDB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from ..formats import client_config
from ..formats.client_config import AUTHENTICATION, HTTP_AUTHENTICATION, SECURITY, ClientConfig
from ..formats.words import PLACEHOLDERS
from ..formats.xml_tree import XmlError, root_of
from .draft import Draft, Raw, Source, SourceError

_WEB_TYPES = {"activeSync": "activesync", "jmap": "jmap"}
_WEB_ELEMENTS = {"calendar": "caldav", "addressbook": "carddav", "fileShare": "webdav"}
_TAKEN = {
    *("domain", "displayName", "displayShortName", "incomingServer", "outgoingServer"),
    *("documentation", "enable", "identity", "oAuth2", "webMail", "emailProvider"),
    *("clientConfigUpdate", "setupServer", *_WEB_ELEMENTS),
}


def read(octets: bytes, domains: Sequence[str] = ()) -> Source:
    """What the document says, for `domains` in place of its own. Raises SourceError."""
    try:
        config, root = client_config.read(octets), root_of(octets)
    except XmlError as error:
        raise SourceError(f"no well-formed XML: {error}") from None
    if config.root != client_config.ROOT or config.provider is None:
        raise SourceError("no clientConfig with an emailProvider; is it another kind of file?")
    left: list[str] = []
    provider = root.find("emailProvider")
    assert provider is not None  # noqa: S101  # for mypy: `config` has one
    names = tuple(domains) or _domains(config, left)
    servers = [raw for each in config.servers if (raw := _server(each, left))]
    extras = dict(_extras(root, provider, left))
    left += _unknown(root, provider)
    return Source((Draft(names, tuple(servers), extras),), tuple(left))


def pattern(text: str) -> str:
    """A text with placeholders as an inventory has them."""
    for part, placeholder in PLACEHOLDERS.items():
        text = text.replace(placeholder, f"{{{part}}}")
    return text


def _domains(config: ClientConfig, left: list[str]) -> tuple[str, ...]:
    """The domains that the document is for, not those of its MX servers."""
    assert config.provider is not None  # noqa: S101  # for mypy: `read` has checked it
    found = [each.strip() for each in config.provider.domains]
    own = [each for each in found if "%" not in each]
    if not own:
        raise SourceError("it names no domain of its own; give it by --domain DOMAIN")
    if len(own) < len(found):
        left.append("<domain> with a placeholder: give further domains by --domain")
    return tuple(dict.fromkeys(own))


def _server(server: client_config.Server, left: list[str]) -> Raw:
    """A server or a service; empty where an inventory has no such kind."""
    its = server.stripped()
    kind = its.type
    if its.element in _WEB_ELEMENTS or kind in _WEB_TYPES:
        kind = _WEB_TYPES.get(kind, kind)
        if its.element in _WEB_ELEMENTS and kind != _WEB_ELEMENTS[its.element]:
            left.append(f"<{its.element}> of type {its.type or 'none'}: no such service here")
            return {}
    elif kind not in ("imap", "pop3", "smtp", "managesieve"):
        left.append(f"<{its.element}> of type {its.type or 'none'}: no such service here")
        return {}
    name = f"{kind} {its.hostname or its.url}"
    raw: Raw = {"type": kind}
    if its.url and not its.hostname:
        raw["url"] = pattern(its.url)
    else:
        raw |= _endpoint(its, name, left)
    if its.username and pattern(its.username) != "{email}":
        raw["username"] = pattern(its.username)
    table = HTTP_AUTHENTICATION if "url" in raw else AUTHENTICATION
    methods = dict.fromkeys(table[each] for each in its.authentication if each in table)
    unknown = [each for each in its.authentication if each not in table]
    if unknown:
        left.append(f"{name}: authentication {', '.join(unknown)}: no such method here")
    if methods:
        raw["authentication"] = list(methods) if len(methods) > 1 else next(iter(methods))
    if kind == "pop3" and its.leave.strip() in ("true", "false"):
        days = its.leave_days.strip()
        stays = its.leave.strip() == "true"
        is_count = days.isdecimal() and len(days) < 6
        raw["leave_on_server"] = int(days) if stays and is_count else stays
    return raw


def _endpoint(its: client_config.Server, name: str, left: list[str]) -> Raw:
    raw: Raw = {"host": pattern(its.hostname)}
    if its.port.isdecimal() and len(its.port) < 6:
        raw["port"] = int(its.port)
    elif its.port:
        left.append(f"{name}: port {its.port} is no number")
    if its.socket_type in SECURITY:
        raw["security"] = SECURITY[its.socket_type]
    elif its.socket_type:
        left.append(f"{name}: socketType {its.socket_type}: no such word; its port decides")
    return raw


def _extras(root: Element, provider: Element, left: list[str]) -> Iterator[tuple[str, object]]:
    for key, element in (("display_name", "displayName"), ("short_name", "displayShortName")):
        text = (provider.findtext(element) or "").strip()
        if text and "%" in text:
            left.append(f"<{element}> with a placeholder: a name is the same for all here")
        elif text:
            yield key, text
    if pages := [_page(each, "url", "descr") for each in provider.iterfind("documentation")]:
        yield "documentation", [each for each in pages if each]
    enable = provider.find("enable")
    if enable is not None and (page := _page(enable, "visiturl", "instruction")):
        yield "enable", page
    if mx := [
        each.text.strip()
        for each in provider.iterfind("domain")
        if each.get("purpose") == "mx" and each.text
    ]:
        yield "mx", mx
    yield from _oauth2(root)
    login = root.find("webMail/loginPage")
    if login is not None:
        yield "webmail", {"login_page": login.get("url") or ""}
    if root.find("webMail/loginPageInfo") is not None:
        left.append("<loginPageInfo>: how to fill the webmail's form in has no key here")


def _oauth2(root: Element) -> Iterator[tuple[str, object]]:
    found = root.find("oAuth2")
    if found is None:
        return
    keys = (
        *(("issuer", "issuer"), ("scope", "scope"), ("auth_url", "authURL")),
        *(("token_url", "tokenURL"), ("client_id", "clientID")),
    )
    texts = {key: (found.findtext(element) or "").strip() for key, element in keys}
    yield "oauth2", {key: text for key, text in texts.items() if text}


def _page(element: Element, attribute: str, child: str) -> Raw:
    texts = {
        each.get("lang") or "en": " ".join((each.text or "").split())
        for each in element.iterfind(child)
    }
    return {"url": element.get(attribute) or "", "text": texts} if texts else {}


def _unknown(root: Element, provider: Element) -> Iterator[str]:
    """The elements that nothing here reads."""
    tags = dict.fromkeys(each.tag for each in (*root, *provider) if isinstance(each.tag, str))
    for tag in tags:
        if tag not in _TAKEN:
            yield f"<{tag}>: no key for it here"
