"""The page for people: language, domain, address -> HTML. It needs no script and loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import segno
from markupsafe import Markup, escape

from ..formats.words import FORM_PATH, PROFILE_PATH, REG_PATH, ZIP_PATH
from ..inventory.addresses import Address
from ..inventory.mailboxes import is_asked, login
from ..inventory.model import Domain, Look, Server, WebServer
from ..templates import source, template
from ..texts import LANGUAGES, texts
from . import apple
from .autodiscover import offers_settings

MEDIA_TYPE = "text/html"

_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")

_STYLE = source("page.css")
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "vary": "accept-language",
    "x-content-type-options": "nosniff",
}

_TITLES = {
    "imap": "incoming",
    "pop3": "incoming",
    "smtp": "outgoing",
    "managesieve": "filters",
    "caldav": "calendars",
    "carddav": "contacts",
    "webdav": "files",
    "jmap": "all_services",
    "activesync": "all_services",
}
_KINDS = {
    "imap": "IMAP",
    "pop3": "POP3",
    "smtp": "SMTP",
    "managesieve": "ManageSieve",
    "caldav": "CalDAV",
    "carddav": "CardDAV",
    "webdav": "WebDAV",
    "jmap": "JMAP",
    "activesync": "Exchange ActiveSync",
}
# Program (or the text that names it), what it can, the text that says how.
_PROGRAMS = (
    ("Thunderbird", "yes", "how_thunderbird"),
    ("Evolution, Delta Chat, K-9 Mail, FairEmail", "yes", "how_others"),
    ("outlook", "partly", "how_outlook"),
    ("apple", "partly", "how_apple"),
    ("new_outlook", "no", "how_new_outlook_windows"),
    ("outlook_mobile", "no", "how_new_outlook"),
    ("gmail", "no", "how_gmail"),
)

# Octets of the longest URL in a QR code: version 8, 49 modules wide, which a telephone's camera
# reads from a screen at arm's length. Longer ones also cost more than all other answers.
_LONGEST_IN_CODE = 152
_LONGEST_ACCEPTED = 1000  # characters of Accept-Language that are read; browsers send some dozens

_template = template("page.html")


def _texts(look: Look, language: str) -> Mapping[str, str]:
    usual = texts(language) if language in LANGUAGES else {}
    return {**usual, **look.texts.get(language, {})}


def choose_language(accepted: str, look: Look) -> str:
    """The language that an Accept-Language header likes best (RFC 9110, section 12.5.4)."""
    best, weight = LANGUAGES[0], 0.0
    for choice in accepted[:_LONGEST_ACCEPTED].split(","):
        tag, *parameters = (part.strip().lower() for part in choice.split(";"))
        match = _WEIGHT.fullmatch("".join(parameters)) if parameters else None
        liked = float(match[1]) if match else 0.0 if parameters else 1.0
        language = tag.partition("-")[0]
        if (language in LANGUAGES or language in look.texts) and liked > weight:
            best, weight = language, liked
    return best


def render(
    look: Look,
    language: str,
    domain: Domain | None,
    *,
    address: Address | None = None,
    host: str | None = None,
    email: str = "",
    error: str = "",
) -> bytes:
    """Return the page.

    It has the name of `domain`. With `address` it shows the settings of that; without, the question
    for an address, with `email` as it was typed and `error`, the key of the text that says what is
    wrong with it. `host` is where a telephone finds the profile.
    """
    t = _texts(look, language)
    return _template.render(
        t=t,
        language=language,
        style=Markup(_STYLE),  # noqa: S704 (ours)
        form=FORM_PATH,
        name=domain.display_name if domain else "",
        logo=look.logo,
        email=address.email if domain and address else email,
        example=f"name@{domain.written if domain else 'example.com'}",
        error=t[error] if error else "",
        programs=[(t.get(program, program), state, t[how]) for program, state, how in _PROGRAMS],
        **(_answer(language, t, domain, address, host) if domain and address else _NO_ANSWER),
    ).encode()


_NO_ANSWER: Mapping[str, Any] = {
    **dict.fromkeys(("cards", "links"), ()),
    **dict.fromkeys(("profile", "code", "outlook", "policies"), ""),
}


def _answer(
    language: str, t: Mapping[str, str], domain: Domain, address: Address, host: str | None
) -> Mapping[str, Any]:
    """What the page shows for an address: the keys of `_NO_ANSWER`."""
    profile = code = ""
    if not apple.refusal(domain):
        profile = f"{PROFILE_PATH}?email={quote(address.email, safe='@')}"
        url = f"https://{host}{profile}"
        code = _code(url, t) if host and len(url) <= _LONGEST_IN_CODE else ""
    asks = offers_settings(domain) and not domain.settings.redirect
    return {
        "cards": list(_cards(t, domain, address)),
        "links": list(_links(language, t, domain)),
        "profile": profile,
        "code": code,
        "outlook": REG_PATH if asks else "",
        "policies": ZIP_PATH if asks else "",
    }


def _cards(
    t: Mapping[str, str], domain: Domain, address: Address
) -> Iterator[tuple[str, str, list[tuple[str, str, bool]]]]:
    """Title, kind and rows of each server; a row is label, value, and whether to copy it."""
    servers: list[Server | WebServer] = [*domain.settings.servers, *domain.settings.web_servers]
    for server in servers:
        if isinstance(server, Server):
            where = [
                (t["server"], server.host_for(domain.name), True),
                (t["port"], str(server.port), True),
                (t["security"], t[f"security_{server.security}"], False),
            ]
        else:
            where = [(t["server"], address.fill_url(server.url), True)]
        yield (
            t[_TITLES[server.type]],
            _KINDS[server.type],
            [
                *where,
                *_user_name(t, domain, server, address),
                (t["log_in"], t[f"log_in_{server.authentication[0]}"], False),
            ],
        )


def _user_name(
    t: Mapping[str, str], domain: Domain, server: Server | WebServer, address: Address
) -> Iterator[tuple[str, str, bool]]:
    if is_asked(domain.settings, server, address):
        yield t["user_name"], t["user_name_ask"], False
    elif server.authentication[0] != "none":
        yield t["user_name"], login(domain.settings, server, address), True


def _links(language: str, t: Mapping[str, str], domain: Domain) -> Iterator[tuple[str, str]]:
    if domain.settings.webmail:
        yield domain.settings.webmail, t["webmail"]
    for page in domain.settings.documentation:
        named = dict(page.texts)
        yield page.url, named.get(language) or named.get(LANGUAGES[0]) or page.texts[0][1]


def _code(url: str, t: Mapping[str, str]) -> Markup:
    """A QR code as SVG, four modules of quiet zone around it (ISO/IEC 18004)."""
    matrix = segno.make(url, error="m", micro=False).matrix
    size = len(matrix) + 8
    path = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, dark in enumerate(row)
        if dark
    )
    return Markup(  # noqa: S704 (numbers, an escaped name)
        f'<svg role="img" aria-label="{escape(t["apple_code_name"])}" viewBox="0 0 {size} {size}" '
        f'shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )
