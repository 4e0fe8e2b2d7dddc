"""The page for people: visitor, domain, address -> HTML.

It loads nothing and works without its one script, which copies and tells an iPad from a Mac.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from ...formats.words import FORM_PATH, PROFILE_PATH, REG_PATH, ZIP_PATH
from ...inventory.addresses import Address
from ...inventory.model import Contact, Domain, Look
from ...templates import source, template
from ...texts import LANGUAGES, texts
from .cards import cards, preferred
from .code import code
from .programs import Program, has_file, has_profile, programs, provider
from .visitor import DEVICES, Visitor
from .visitor import HEADERS as _ASKED

MEDIA_TYPE = "text/html"

_STYLE, _SCRIPT = source("page.css"), source("page.js")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_digest(_STYLE)}'; "
        f"script-src 'sha256-{_digest(_SCRIPT)}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "vary": ", ".join(_ASKED),
    "x-content-type-options": "nosniff",
}

_DEVICES = {
    "ios": "iPhone, iPad",
    "android": "Android",
    "windows": "Windows",
    "mac": "Mac",
    "linux": "Linux",
}
# Words of a program are between asterisks in the texts.
_WORD = re.compile(r"\*(.+?)\*")

_template = template("page.html")


def render(
    look: Look,
    visitor: Visitor,
    domain: Domain | None,
    *,
    address: Address | None = None,
    host: str | None = None,
    email: str = "",
    error: str = "",
) -> bytes:
    """Return the page.

    It has the name, logo and contact of `domain`. With `address` it shows what that needs on the
    visitor's device; without, the question for an address, with `email` as it was typed and
    `error`, the key of the text that says what is wrong with it. `host` is where a telephone finds
    the profile.
    """
    t = _texts(look, visitor.language)
    settings = domain.settings if domain else None
    contact = (settings and settings.contact) or look.contact
    return _template.render(
        t=t,
        visitor=visitor,
        language=visitor.language,
        languages=_languages(look),
        devices=[(device, _DEVICES[device]) for device in DEVICES],
        style=Markup(_STYLE),  # noqa: S704 (ours)
        script=Markup(_SCRIPT),  # noqa: S704 (ours)
        form=FORM_PATH,
        name=domain.display_name if domain else "",
        domain=domain.written if domain else "",
        logo=(settings and settings.logo) or look.logo,
        contact=contact,
        phone=_dialled(contact),
        email=address.email if domain and address else email,
        example=f"name@{domain.written if domain else 'example.com'}",
        error=t[error] if error else "",
        answer=_answer(t, visitor, domain, address, host) if domain and address else None,
    ).encode()


def _texts(look: Look, language: str) -> Mapping[str, str]:
    usual = texts(language) if language in LANGUAGES else {}
    return {**usual, **look.texts.get(language, {})}


def _languages(look: Look) -> list[tuple[str, str]]:
    """Each language's code and its own name for itself."""
    every = dict.fromkeys((*LANGUAGES, *look.texts))
    return [(each, _texts(look, each)["language_name"]) for each in every]


def _answer(
    t: Mapping[str, str], visitor: Visitor, domain: Domain, address: Address, host: str | None
) -> Mapping[str, Any]:
    """What the page shows for an address."""
    found = programs(domain, visitor.device)
    first, rest = cards(t, domain, address)
    profile = drawn = ""
    if has_profile(domain):
        profile = f"{PROFILE_PATH}?email={quote(address.email, safe='@')}"
        if host and not visitor.on_phone and visitor.device != "android":
            drawn = code(f"https://{host}{profile}", t["code_name"])
    servers = preferred(domain.settings)
    fill = {
        "provider": provider(domain.settings, domain.display_name),
        "protocol": "POP3" if servers and servers[0].type == "pop3" else "IMAP",
    }
    return {
        "programs": [_shown(t, each, fill) for each in found],
        "needs_values": not found or any(each.way == "way_paste" for each in found),
        "cards": first,
        "more": rest,
        "kinds": ", ".join(dict.fromkeys(card.kind for card in rest)),
        "links": list(_links(visitor.language, t, domain)),
        "profile": profile,
        "code": drawn,
        "outlook": REG_PATH if has_file(domain) else "",
        "policies": ZIP_PATH if has_file(domain) else "",
    }


def _shown(t: Mapping[str, str], program: Program, fill: Mapping[str, str]) -> Mapping[str, Any]:
    """A program in words; `labels` has the last of a program's words in each step."""
    fill = {**fill, "choice": t.get(program.choice, program.choice)}
    steps = [_filled(t[step], fill) for step in program.steps]
    return {
        "name": t.get(program.name, program.name),
        "way": _filled(t[program.way], fill),
        "is_easy": program.way != "way_paste",
        "steps": [_marked(step) for step in steps],
        "labels": [(_WORD.findall(step) or [""])[-1] for step in steps],
        "hint": _marked(t[program.hint]) if program.hint else "",
        "button": program.button,
        "picture": program.picture,
    }


def _filled(text: str, fill: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: fill.get(found[1], found[0]), text)


def _marked(text: str) -> Markup:
    return Markup(_WORD.sub(r"<b>\1</b>", str(escape(text))))  # noqa: S704 (escaped)


def _links(language: str, t: Mapping[str, str], domain: Domain) -> Iterator[tuple[str, str]]:
    if domain.settings.webmail:
        yield domain.settings.webmail, t["webmail"]
    enable = domain.settings.enable
    for page in (*([enable] if enable else []), *domain.settings.documentation):
        named = dict(page.texts)
        yield page.url, named.get(language) or named.get(LANGUAGES[0]) or page.texts[0][1]


def _dialled(contact: Contact | None) -> str:
    """The telephone number as a tel: URL has it (RFC 3966)."""
    return re.sub(r"[^0-9+]", "", contact.phone) if contact else ""
