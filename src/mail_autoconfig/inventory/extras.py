"""What a provider or domain says beside its servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from xml.parsers import expat

from . import addresses, fields, keys
from .fields import Place
from .model import OAuth2, Page, Redirect, Settings

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def read_ttl(place: Place, raw: Mapping[str, Any], default: int | None) -> int | None:
    """How many hours Outlook keeps its settings."""
    hours, declared = raw.get("ttl_hours"), keys.SHARED["ttl_hours"]
    if hours is None:
        return default
    if (number := fields.number(hours, declared)) is None:
        place["ttl_hours"].problem(
            f"{fields.shown(hours)} is no number of hours; use 0 (for ever) to {declared.largest}"
        )
        return default
    return number


def read_redirect(place: Place, raw: Mapping[str, Any]) -> Redirect | None:
    """Where Autodiscover sends clients; None if the key is missing."""
    if raw.get("redirect") is None:
        return None
    place, value = place["redirect"], raw["redirect"]
    if not isinstance(value, Mapping) or [*value] not in [[key] for key in keys.REDIRECT]:
        place.problem(f"{fields.shown(value)} is neither {{address: …}} nor {{url: …}}")
        return None
    if "url" in value:
        return Redirect("url", fields.https_url(place, value, "url"))
    pattern = value["address"]
    if isinstance(pattern, str) and (foreign := fields.foreign_placeholder(pattern)):
        place["address"].problem(foreign)
        return None
    try:
        if not isinstance(pattern, str) or not fields.PATTERN.fullmatch(pattern):
            raise ValueError
        addresses.parse(addresses.parse("l@d.d").fill(pattern))
    except ValueError:
        place["address"].problem(
            f"{fields.shown(pattern)} is not an address such as {{localpart}}@example.com"
        )
    return Redirect("address", str(pattern))


def moved(settings: Settings, target: str) -> Settings:
    """Settings with the user names of the address `target`, for clients that follow no redirect."""
    localpart, _at, domain = target.rpartition("@")
    parts = {"{email}": target, "{localpart}": localpart, "{domain}": domain}

    def username(pattern: str) -> str:
        return addresses.PLACEHOLDER.sub(lambda found: parts[found[0]], pattern)

    def url(pattern: str) -> str:
        # The path names the new mailbox; the host stays, as those of the mail servers do.
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


def read_oauth2(place: Place, raw: Mapping[str, Any]) -> OAuth2 | None:
    """The authorization server; None if the key is missing or not right."""
    value = raw.get("oauth2")
    if value is None:
        return None
    place = place["oauth2"]
    if not isinstance(value, Mapping):
        place.problem(f"{fields.shown(value)} is not a mapping")
        return None
    fields.check_keys(place, value, keys.OAUTH2)
    scope: Any = value.get("scope")
    names_given = {
        "issuer": value.get("issuer") or None,
        "scope": (" ".join(map(str, scope)) if fields.is_list(scope) else scope) or None,
    }
    for key, given in names_given.items():
        if given is None:
            place.problem(f"no {key}; give it as the provider names it")
    return OAuth2(
        issuer=fields.text(place, names_given, "issuer") or "",
        scope=fields.text(place, names_given, "scope") or "",
        auth_url=fields.https_url(place, value, "auth_url"),
        token_url=fields.https_url(place, value, "token_url"),
        client_id=fields.text(place, value, "client_id"),
    )


def read_documentation(
    place: Place, raw: Mapping[str, Any], default: tuple[Page, ...]
) -> tuple[Page, ...]:
    """The pages for people."""
    value, place = raw.get("documentation"), place["documentation"]
    if value is None:
        return default
    if not fields.is_list(value):
        place.problem("not a list of {url: …, text: …}")
        return ()
    return tuple(_page(place, entry) for entry in value)


def read_enable(place: Place, raw: Mapping[str, Any], default: Page | None) -> Page | None:
    """The page where a user has to allow access first."""
    value = raw.get("enable")
    return default if value is None else _page(place["enable"], value)


def _page(place: Place, raw: Any) -> Page:
    if not isinstance(raw, Mapping):
        place.problem(f"{fields.shown(raw)} is not a mapping")
        return Page("", ())
    place = place.entry(raw) if place.key == "documentation" else place
    fields.check_keys(place, raw, keys.PAGE)
    named = raw.get("text")
    if not isinstance(named, Mapping) or not named:
        place["text"].problem("not a mapping of languages to texts such as {en: …}")
        named = {}
    for language in named:
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            place["text"].problem(f"{fields.shown(language)} is not a language such as en or de")
    return Page(
        fields.https_url(place, raw, "url"),
        # Sorted, since a mapping's order does not last on its way to the host.
        tuple(sorted((str(key), fields.text(place["text"], named, key) or "") for key in named)),
    )


def read_webmail(place: Place, raw: Mapping[str, Any]) -> str | None:
    """The URL of the page to log in at; None if the key is missing."""
    value, place = raw.get("webmail"), place["webmail"]
    if value is None:
        return None
    if not isinstance(value, Mapping):
        place.problem(f"{fields.shown(value)} is not a mapping; write {{login_page: https://…}}")
        return None
    fields.check_keys(place, value, keys.WEBMAIL)
    return fields.https_url(place, value, "login_page")


def read_mx(place: Place, raw: Mapping[str, Any], default: tuple[str, ...]) -> tuple[str, ...]:
    """The domains of the MX servers."""
    value, place = raw.get("mx"), place["mx"]
    if value is None:
        return default
    if not fields.is_list(value):
        place.problem("not a list of the domains of MX servers")
        return ()
    return tuple(fields.host_name(place, name) or "" for name in value)


def read_xml(place: Place, raw: Mapping[str, Any], key: str, base: str) -> str:
    """Elements for the end of an answer: well-formed, whatever address goes into them."""
    value = raw.get(key)
    if value is None:
        return base
    if not isinstance(value, str) or (value.strip() and not fields.PATTERN.fullmatch(value)):
        place[key].problem("not XML with {email}, {localpart} and {domain} as its only braces")
        return base
    if key == "autodiscover_xml" and (foreign := fields.foreign_placeholder(value)):
        place[key].problem(foreign)
    # In place of an address: right in a text and between quotes, but not in a name or a comment.
    filled = addresses.PLACEHOLDER.sub("1--", value)
    parser = expat.ParserCreate(namespace_separator="}")  # clients refuse a prefix without a name
    try:
        parser.Parse(f"<r>{filled}</r>".encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        place[key].problem(
            f"not well-formed in line {error.lineno}: {expat.ErrorString(error.code)}"
        )
    return value.strip()
