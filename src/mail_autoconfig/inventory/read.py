"""The validator: raw mappings -> `model.Configuration`, or every problem at once.

Standard library alone: it runs on the controller, before a host is touched, and on the host.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, urlsplit
from xml.parsers import expat

from ..texts import LANGUAGES, texts
from . import addresses, names
from .addresses import FORBIDDEN
from .model import (
    DEFAULT,
    PORTS,
    Authentication,
    Configuration,
    Discovery,
    Domain,
    Look,
    OAuth2,
    Page,
    Protocol,
    Redirect,
    Security,
    Server,
    Settings,
    WebProtocol,
    WebServer,
)

_PROTOCOLS = get_args(Protocol)
_WEB_PROTOCOLS = get_args(WebProtocol)

_TOP_KEYS = ("domains", "providers", "generic_host", "page")
_SHARED_KEYS = (  # what a provider says and a domain may say otherwise
    *("display_name", "short_name", "servers", "redirect", "ttl_hours", "oauth2"),
    *("documentation", "enable", "webmail", "mx", "autodiscover_xml", "autoconfig_xml"),
)
_PROVIDER_KEYS = (*_SHARED_KEYS, "autodiscover", "source")
_DOMAIN_KEYS = ("name", "provider", "discovery", "apex", "pacc", "username", *_SHARED_KEYS)
_SERVER_KEYS = ("type", "host", "port", "security", "username", "authentication")
_WEB_SERVER_KEYS = ("type", "url", "username", "authentication")

_LONGEST_TTL = 8760  # hours: a year
_LOGO = re.compile(r"data:image/(?:svg\+xml|png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}")
_LARGEST_LOGO = 64 * 1024  # octets of the data: URL, which stands in each page
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_USERNAME = re.compile(r"(?:[^{}]|\{(?:email|localpart|domain)\})+")
_STAND_IN = "d--d.d--d"  # for {domain} in a host name to check


class ConfigurationError(Exception):
    """A configuration that is not right; `problems` has a line for each: where, what, what else."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the configuration a value stands; collects the problems found there."""

    problems: list[str]
    subject: str
    key: str = ""

    def __getitem__(self, key: str | int) -> _Place:
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if self.key else key
        return _Place(self.problems, self.subject, self.key + step)

    def problem(self, message: str) -> None:
        where = f"{self.subject}, {self.key}" if self.key else self.subject
        self.problems.append(f"{where}: {message}")


def load(path: str | Path) -> Configuration:
    """Read a JSON file, `{"domains": […], "providers": {…}, "generic_host": …}`, in UTF-8.

    Raises ConfigurationError, for a file that can't be read or is no JSON too.
    """
    try:
        content = Path(path).read_bytes()
        raw = json.loads(content.decode("utf-8"))
    except OSError as error:
        raise ConfigurationError([f"can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError([f"not UTF-8 at byte {error.start}"]) from None
    except (ValueError, RecursionError) as error:  # the former also for a number too long to read
        raise ConfigurationError([f"not JSON: {error}"]) from None
    return replace(parse(raw), digest=hashlib.sha256(content).hexdigest())


def parse(raw: Any) -> Configuration:
    """Check a raw configuration and resolve it.

    Keys: `domains`, a list (`autoconfig_domains`); `providers`, a mapping of provider definitions
    that come before the built-in ones of the same name; `generic_host`, a host name.
    Raises ConfigurationError with all problems.
    """
    problems: list[str] = []
    top = _Place(problems, "configuration")
    if not isinstance(raw, Mapping):
        raise ConfigurationError([f"configuration: {_shown(raw)} is not a mapping"])
    _check_keys(top, raw, _TOP_KEYS)

    providers = dict(built_in_providers())
    raw_providers = raw.get("providers") or {}
    if isinstance(raw_providers, Mapping):
        for name, definition in raw_providers.items():
            providers[str(name)] = _provider(_Place(problems, f"provider {name}"), definition)
    else:
        _Place(problems, "autoconfig_providers").problem("not a mapping of names to providers")

    generic_host = None
    if raw.get("generic_host"):
        place = _Place(problems, "autoconfig_generic_host")
        generic_host = _host_name(place, raw["generic_host"])

    look = _look(_Place(problems, "page"), raw.get("page"))
    domains: dict[str, Domain] = {}
    place = _Place(problems, "autoconfig_domains")
    raw_domains = raw.get("domains") or []
    if not _is_list(raw_domains):
        place.problem("not a list of domains")
    elif not raw_domains:
        place.problem("no domain; name at least one")
    else:
        for index, definition in enumerate(raw_domains):
            domain = _domain(place[index], definition, providers)
            if domain is None:
                continue
            if domain.name in domains:
                _Place(problems, f"domain {domain.written}").problem("listed twice; remove one")
            domains[domain.name] = domain

    for domain in domains.values():
        _check_redirect(_Place(problems, f"domain {domain.written}")["redirect"], domain, domains)
    default = domains.pop(DEFAULT, None)
    needy = [domain.written for domain in domains.values() if domain.discovery == "srv"]
    if default and not domains:
        needy = [DEFAULT]
    if needy and not raw.get("generic_host"):
        _Place(problems, f"domain {needy[0]}").problem(
            "has no names of its own; set autoconfig_generic_host to the host that answers for it"
        )
    if problems:
        raise ConfigurationError(problems)
    return Configuration(domains, default, generic_host, look)


def _look(place: _Place, raw: Any) -> Look:
    if raw is None:
        return Look()
    if not isinstance(raw, Mapping):
        place.problem(f"{_shown(raw)} is not a mapping")
        return Look()
    _check_keys(place, raw, ("logo", "texts"))
    logo = raw.get("logo") or ""
    if logo and not (isinstance(logo, str) and _LOGO.fullmatch(logo)):
        place["logo"].problem("not an image; use SVG, PNG, JPEG or WebP")
    elif len(logo) > _LARGEST_LOGO:
        place["logo"].problem(f"{len(logo)} octets as Base64; use {_LARGEST_LOGO} at most")
    languages = raw.get("texts") or {}
    if not isinstance(languages, Mapping):
        place["texts"].problem("not a mapping of languages to texts")
        languages = {}
    usual = texts(LANGUAGES[0])
    for language, own in languages.items():
        here = place["texts"][str(language)]
        if not re.fullmatch("[a-z]{2,3}", str(language)):
            here.problem("not a language such as en or it")
            continue
        if not isinstance(own, Mapping):
            here.problem("not a mapping of keys to texts")
            continue
        _check_keys(here, own, tuple(usual))
        for key in own:
            _text(here, own, key)
        missing = [key for key in usual if key not in own]
        if missing and language not in LANGUAGES:
            here.problem(f"a new language needs all texts; missing: {', '.join(missing)}")
    return Look(str(logo), languages)


@cache
def built_in_providers() -> Mapping[str, Settings]:
    """The providers that come with the package, by name."""
    problems: list[str] = []
    providers = {}
    for entry in sorted(files(__package__).joinpath("providers").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            name = entry.name.removesuffix(".toml")
            raw = tomllib.loads(entry.read_text("utf-8"))
            providers[name] = _provider(_Place(problems, f"provider {name}"), raw)
    if problems:
        raise ConfigurationError(problems)
    return providers


def _provider(place: _Place, raw: Any) -> Settings:
    if not isinstance(raw, Mapping):
        place.problem(f"{_shown(raw)} is not a mapping")
        raw = {"servers": []}
    else:
        _check_keys(place, raw, _PROVIDER_KEYS)
        _text(place, raw, "source")
    servers, web_servers = _servers(place["servers"], raw.get("servers"))
    autodiscover = _flag(place, raw, "autodiscover", default=True)
    return _shared(place, raw, Settings(None, None, servers, web_servers, autodiscover))


def _domain(listed: _Place, raw: Any, providers: Mapping[str, Settings]) -> Domain | None:
    if isinstance(raw, str):
        listed.problem(f"{_shown(raw)} is not a mapping; write {{name: {raw}, provider: …}}")
        return None
    if not isinstance(raw, Mapping):
        listed.problem(f"{_shown(raw)} is not a mapping")
        return None
    if "name" not in raw:
        listed.problem("no name")
        return None
    written = raw["name"]
    name = written if written == DEFAULT else _host_name(listed["name"], written)
    place = _Place(listed.problems, f"domain {written}")
    if name is None:
        return None
    if len(name) > names.LONGEST:
        place.problem(f"longer than {names.LONGEST} octets: no room for autodiscover. before it")
    _check_keys(place, raw, _DOMAIN_KEYS)

    discovery: Discovery = _choice(place, raw, "discovery", get_args(Discovery), "certificate")
    apex = _flag(place, raw, "apex", default=False)
    pacc = _flag(place, raw, "pacc", default=False)
    if name == DEFAULT:
        for key in ("discovery", "apex", "pacc"):
            if key in raw:
                place[key].problem("the default entry has no names of its own; leave this out")
    elif discovery == "srv":
        for key, asked in (("apex", apex), ("pacc", pacc)):
            if asked:
                place[key].problem("no effect with discovery srv; leave one of them out")
    elif pacc and len(name) > names.LONGEST_PACC:
        place["pacc"].problem(
            f"name longer than {names.LONGEST_PACC} octets: no room for _ua-auto-config. before it"
        )
    return Domain(str(name), str(written), _settings(place, raw, providers), discovery, apex, pacc)


def _settings(place: _Place, raw: Mapping[str, Any], providers: Mapping[str, Settings]) -> Settings:
    """A domain's settings: its provider's, with what the domain itself says in their place."""
    settings = Settings(None, None, (), (), autodiscover=True)
    provider = raw.get("provider")
    if provider is None:
        if "servers" not in raw:
            place.problem("neither provider nor servers; give one of them")
    elif isinstance(provider, str) and provider in providers:
        settings = providers[provider]
    else:
        built_in = ", ".join(built_in_providers())
        place["provider"].problem(
            f"no provider {_shown(provider)}{_did_you_mean(provider, providers)} "
            f"Built in: {built_in}"
        )
    if raw.keys() <= {"name", "provider", "discovery", "apex", "pacc"}:
        return settings

    if "servers" in raw:
        servers, web_servers = _servers(place["servers"], raw["servers"])
        # What the provider says beside its names holds for its own servers.
        kept = settings.display_name, settings.short_name
        settings = Settings(*kept, servers, web_servers, autodiscover=True)
    if "username" in raw:
        username = _username(place, raw)
        settings = replace(
            settings,
            servers=tuple(replace(server, username=username) for server in settings.servers),
            web_servers=tuple(replace(web, username=username) for web in settings.web_servers),
        )
    return _shared(place, raw, settings)


def _shared(place: _Place, raw: Mapping[str, Any], base: Settings) -> Settings:
    """What both a provider and a domain can say, in place of what `base` says."""
    display_name = _text(place, raw, "display_name", longest=60)
    short_name = _text(place, raw, "short_name", longest=20)
    ttl_hours = raw.get("ttl_hours")
    whole = isinstance(ttl_hours, int) and not isinstance(ttl_hours, bool)
    if ttl_hours is not None and not (whole and 0 <= ttl_hours <= _LONGEST_TTL):
        place["ttl_hours"].problem(
            f"{_shown(ttl_hours)} is no number of hours; use 0 (for ever) to {_LONGEST_TTL}"
        )
    redirect = _redirect(place, raw)
    if redirect and redirect.kind == "address":
        base = _moved(base, redirect.target)
    return replace(
        base,
        display_name=display_name or base.display_name,
        short_name=short_name or base.short_name,
        redirect=redirect or base.redirect,
        ttl_hours=base.ttl_hours if ttl_hours is None else ttl_hours,
        oauth2=_oauth2(place, raw) or base.oauth2,
        documentation=_pages(place, raw, base.documentation),
        enable=base.enable if raw.get("enable") is None else _page(place["enable"], raw["enable"]),
        webmail=_webmail(place, raw) or base.webmail,
        mx=_mx(place, raw, base.mx),
        autodiscover_xml=_xml(place, raw, "autodiscover_xml", base.autodiscover_xml),
        autoconfig_xml=_xml(place, raw, "autoconfig_xml", base.autoconfig_xml),
    )


def _xml(place: _Place, raw: Mapping[str, Any], key: str, base: str) -> str:
    """Elements for the end of an answer: well-formed, whatever address goes into them."""
    value = raw.get(key)
    if value is None:
        return base
    if not isinstance(value, str) or (value.strip() and not _USERNAME.fullmatch(value)):
        place[key].problem("not XML with {email}, {localpart} and {domain} as its only braces")
        return base
    # What an address may hold: right in a text and between quotes, but not in a name or a comment.
    filled = addresses.PLACEHOLDER.sub("1--", value)
    parser = expat.ParserCreate(namespace_separator="}")  # clients refuse a prefix without a name
    try:
        parser.Parse(f"<r>{filled}</r>".encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        place[key].problem(
            f"not well-formed in line {error.lineno}: {expat.ErrorString(error.code)}"
        )
    return value.strip()


def _redirect(place: _Place, raw: Mapping[str, Any]) -> Redirect | None:
    if raw.get("redirect") is None:
        return None
    place, value = place["redirect"], raw["redirect"]
    if not isinstance(value, Mapping) or [*value] not in (["address"], ["url"]):
        place.problem(f"{_shown(value)} is neither {{address: …}} nor {{url: …}}")
        return None
    if "url" in value:
        return Redirect("url", _url(place, value, "url"))
    pattern = value["address"]
    try:
        if not isinstance(pattern, str) or not _USERNAME.fullmatch(pattern):
            raise ValueError
        addresses.parse(addresses.parse("l@d.d").fill(pattern))
    except ValueError:
        place["address"].problem(
            f"{_shown(pattern)} is not an address such as {{localpart}}@example.com"
        )
    return Redirect("address", str(pattern))


def _moved(settings: Settings, target: str) -> Settings:
    """Settings with the user names of another address, for clients that follow no redirect."""
    localpart, _at, domain = target.rpartition("@")
    parts = {"{email}": target, "{localpart}": localpart, "{domain}": domain}

    def username(pattern: str) -> str:
        return addresses.PLACEHOLDER.sub(lambda found: parts[found[0]], pattern)

    def url(pattern: str) -> str:
        """The path names the new mailbox; the host stays, as those of the mail servers do."""
        path = (pattern + "/").find("/", len("https://"))
        return pattern[:path] + addresses.PLACEHOLDER.sub(
            lambda found: quote(parts[found[0]], safe="@{}"), pattern[path:]
        )

    return replace(
        settings,
        servers=tuple(replace(s, username=username(s.username)) for s in settings.servers),
        web_servers=tuple(
            replace(w, url=url(w.url), username=username(w.username)) for w in settings.web_servers
        ),
    )


def _check_redirect(place: _Place, domain: Domain, domains: Mapping[str, Domain]) -> None:
    """A redirect must not lead to another one: clients give up, or walk in circles."""
    redirect = domain.settings.redirect
    if redirect is None or redirect.kind == "url":
        return
    target = redirect.target.rpartition("@")[2].replace("{domain}", domain.name)
    try:
        found = domains.get(names.normalise(target))
    except ValueError:  # told already, or the default entry's
        found = domain if target == DEFAULT else None
    if found and found.settings.redirect:
        place.problem(f"leads to {found.written}, which redirects too; lead to the last one")


def _oauth2(place: _Place, raw: Mapping[str, Any]) -> OAuth2 | None:
    value = raw.get("oauth2")
    if value is None:
        return None
    place = place["oauth2"]
    if not isinstance(value, Mapping):
        place.problem(f"{_shown(value)} is not a mapping")
        return None
    _check_keys(place, value, ("issuer", "scope", "auth_url", "token_url", "client_id"))
    scope: Any = value.get("scope")
    names_given = {
        "issuer": value.get("issuer") or None,
        "scope": (" ".join(map(str, scope)) if _is_list(scope) else scope) or None,
    }
    for key, given in names_given.items():
        if given is None:
            place.problem(f"no {key}; give it as the provider names it")
    return OAuth2(
        issuer=_text(place, names_given, "issuer") or "",
        scope=_text(place, names_given, "scope") or "",
        auth_url=_url(place, value, "auth_url"),
        token_url=_url(place, value, "token_url"),
        client_id=_text(place, value, "client_id"),
    )


def _pages(place: _Place, raw: Mapping[str, Any], default: tuple[Page, ...]) -> tuple[Page, ...]:
    value, place = raw.get("documentation"), place["documentation"]
    if value is None:
        return default
    if not _is_list(value):
        place.problem("not a list of {url: …, text: …}")
        return ()
    return tuple(_page(place[index], entry) for index, entry in enumerate(value))


def _page(place: _Place, raw: Any) -> Page:
    if not isinstance(raw, Mapping):
        place.problem(f"{_shown(raw)} is not a mapping")
        return Page("", ())
    _check_keys(place, raw, ("url", "text"))
    texts = raw.get("text")
    if not isinstance(texts, Mapping) or not texts:
        place["text"].problem("not a mapping of languages to texts such as {en: …}")
        texts = {}
    for language in texts:
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            place["text"].problem(f"{_shown(language)} is not a language such as en or de")
    return Page(
        _url(place, raw, "url"),
        # Sorted, since a mapping's order does not last on its way to the host.
        tuple(sorted((str(key), _text(place["text"], texts, key) or "") for key in texts)),
    )


def _webmail(place: _Place, raw: Mapping[str, Any]) -> str | None:
    value, place = raw.get("webmail"), place["webmail"]
    if value is None:
        return None
    if not isinstance(value, Mapping):
        place.problem(f"{_shown(value)} is not a mapping; write {{login_page: https://…}}")
        return None
    _check_keys(place, value, ("login_page",))
    return _url(place, value, "login_page")


def _mx(place: _Place, raw: Mapping[str, Any], default: tuple[str, ...]) -> tuple[str, ...]:
    value, place = raw.get("mx"), place["mx"]
    if value is None:
        return default
    if not _is_list(value):
        place.problem("not a list of the domains of MX servers")
        return ()
    return tuple(_host_name(place[index], name) or "" for index, name in enumerate(value))


def _url(place: _Place, raw: Mapping[str, Any], key: str) -> str:
    """An https URL without placeholders."""
    value = raw.get(key)
    if not isinstance(value, str) or "{" in value or not _is_https(value):
        place[key].problem(f"{_shown(value)} is not a URL; use https://HOST/PATH")
    return str(value)


def _servers(place: _Place, raw: Any) -> tuple[tuple[Server, ...], tuple[WebServer, ...]]:
    servers: list[Server] = []
    web_servers: list[WebServer] = []
    if not _is_list(raw) or not raw:
        place.problem("no server; list at least one")
        return (), ()
    for index, entry in enumerate(raw):
        here = place[index]
        if not isinstance(entry, Mapping):
            here.problem(f"{_shown(entry)} is not a mapping")
        elif entry.get("type") in _WEB_PROTOCOLS:
            web_servers.append(_web_server(here, entry))
        else:
            servers.append(_server(here, entry))
    return tuple(servers), tuple(web_servers)


def _server(place: _Place, raw: Mapping[str, Any]) -> Server:
    _check_keys(place, raw, _SERVER_KEYS)
    protocol: Protocol = _choice(place, raw, "type", (*_PROTOCOLS, *_WEB_PROTOCOLS))
    security: Security = _choice(place, raw, "security", get_args(Security), "tls")
    port = raw.get("port")
    if port is None:
        port = PORTS[protocol][security] if protocol in PORTS else 0
    elif isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        place["port"].problem(f"{_shown(port)} is not a port; use 1 to 65535")
        port = 0
    host = raw.get("host")
    # A placeholder stands for a host name: put one in its place for the check.
    if isinstance(host, str) and "{domain}" in host:
        checked = _host_name(place["host"], host.replace("{domain}", _STAND_IN), shown=host)
        if checked and _STAND_IN not in checked:
            place["host"].problem(f"{_shown(host)} has other letters than ASCII beside {{domain}}")
        host = (checked or "").replace(_STAND_IN, "{domain}")
    else:
        host = _host_name(place["host"], host)
    return Server(
        type=protocol,
        host=host or "",
        port=int(port),
        security=security,
        username=_username(place, raw),
        authentication=_authentication(place, raw),
    )


def _web_server(place: _Place, raw: Mapping[str, Any]) -> WebServer:
    _check_keys(place, raw, _WEB_SERVER_KEYS)
    url = raw.get("url")
    if not isinstance(url, str) or not _is_https(url):
        place["url"].problem(f"{_shown(url)} is not a URL; use https://HOST/PATH")
    return WebServer(
        type=raw["type"],
        url=str(url),
        username=_username(place, raw),
        authentication=_authentication(place, raw),
    )


def _is_https(url: str) -> bool:
    if FORBIDDEN.search(url) or " " in url or not _USERNAME.fullmatch(url):
        return False
    try:
        parts = urlsplit(url.replace("{domain}", "d.d"))
        host, port = names.normalise(parts.hostname or ""), parts.port  # both raise ValueError
        return parts.scheme == "https" and bool(host) and port != 0
    except ValueError:
        return False


def _username(place: _Place, raw: Mapping[str, Any]) -> str:
    pattern = _text(place, raw, "username") or "{email}"
    if not _USERNAME.fullmatch(pattern):
        place["username"].problem(
            f"{_shown(pattern)} has other braces than {{email}}, {{localpart}} and {{domain}}"
        )
    return pattern


def _authentication(place: _Place, raw: Mapping[str, Any]) -> tuple[Authentication, ...]:
    value = raw.get("authentication", "password")
    methods = list(value) if _is_list(value) else [value]
    allowed = get_args(Authentication)
    if not methods:
        place["authentication"].problem(f"empty; use one or more of {', '.join(allowed)}")
    for method in methods:
        if method not in allowed:
            place["authentication"].problem(
                f"no method {_shown(method)}; use one or more of {', '.join(allowed)}"
            )
    return tuple(methods)


def _host_name(place: _Place, value: Any, *, shown: str | None = None) -> str | None:
    try:
        if isinstance(value, str):
            return names.normalise(value)
    except ValueError:
        pass
    what = "missing; give" if value is None else f"{_shown(shown or value)} is not"
    place.problem(f"{what} a host name such as mail.example.com")
    return None


def _text(place: _Place, raw: Mapping[str, Any], key: str, *, longest: int = 1000) -> str | None:
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or FORBIDDEN.search(value):
        place[key].problem(f"{_shown(value)} is not a line of text")
        return None
    if len(value) > longest:
        place[key].problem(f"{len(value)} characters long; use {longest} at most")
    return str(value)


def _flag(place: _Place, raw: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = raw.get(key, default)
    if not isinstance(value, bool):
        place[key].problem(f"{_shown(value)} is neither true nor false")
    return bool(value)


def _choice(
    place: _Place,
    raw: Mapping[str, Any],
    key: str,
    allowed: Sequence[str],
    default: str | None = None,
) -> Any:
    value = raw.get(key, default)
    if value is None:
        place.problem(f"no {key}; use one of {', '.join(allowed)}")
    elif value in allowed:
        return value
    else:
        place[key].problem(f"no {key} {_shown(value)}; use one of {', '.join(allowed)}")
    return allowed[0]


def _check_keys(place: _Place, raw: Mapping[Any, Any], allowed: Sequence[str]) -> None:
    for key in raw:
        if key not in allowed:
            place.problem(f"unknown key {_shown(key)}{_did_you_mean(key, allowed)}")


def _did_you_mean(value: Any, candidates: Iterable[str]) -> str:
    close = get_close_matches(str(value), list(candidates), 1)
    return f'; did you mean "{close[0]}"?' if close else "."


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}…"
