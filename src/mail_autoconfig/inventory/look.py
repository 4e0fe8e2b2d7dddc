"""What is the user's own on the page for people: logo, contact and texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..texts import LANGUAGES, texts
from . import addresses, fields, keys
from .fields import Place
from .model import Contact, Look

_LOGO = re.compile(r"data:image/(?:svg\+xml|png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}")
_FILE = re.compile(r"(?!data:)[^\0]+\.(?:svg|png|jpe?g|webp)", re.IGNORECASE)
_LARGEST_LOGO = 64 * 1024  # octets of the data: URL, which is part of each page


def read_look(problems: list[str], raw: Any) -> Look:
    """What is the user's own on the page for people: its keys are `logo`, `texts` and `contact`."""
    if raw is None:
        return Look()
    place = Place(problems, "page")
    if not isinstance(raw, Mapping):
        place.problem(f"{fields.shown(raw)} is not a mapping")
        return Look()
    fields.check_keys(place, raw, ("logo", "texts", "contact"))
    logo = _logo(Place(problems, "autoconfig_page_logo"), raw.get("logo") or "")
    contact = _contact(Place(problems, "autoconfig_page_contact"), raw.get("contact") or None)
    place, languages = Place(problems, "autoconfig_page_texts"), raw.get("texts") or {}
    if not isinstance(languages, Mapping):
        place.problem("not a mapping of languages to texts")
        return Look(logo, contact=contact)
    for language, own in languages.items():
        _check_texts(place[str(language)], str(language), own)
    return Look(logo, languages, contact)


def read_logo(place: Place, raw: Mapping[str, Any], default: str) -> str:
    """A logo as a data: URL, which the controller makes of a file; else the default.

    A file's name is right too: plays that do not change a server leave it as it is.
    """
    value, place = raw.get("logo"), place["logo"]
    if value is None:
        return default
    if isinstance(value, str) and _FILE.fullmatch(value):
        return default
    return _logo(place, value)


def read_contact(place: Place, raw: Mapping[str, Any], default: Contact | None) -> Contact | None:
    """Who helps people with a domain."""
    value = raw.get("contact")
    return default if value is None else _contact(place["contact"], value)


def _contact(place: Place, raw: Any) -> Contact | None:
    if raw is None:
        return None
    if not isinstance(raw, Mapping) or not raw:
        place.problem(f"{fields.shown(raw)} is not a mapping such as {{name: Acme IT, email: …}}")
        return None
    fields.check_keys(place, raw, keys.CONTACT)
    given = {
        key: fields.text(place, raw, key, longest=keys.CONTACT[key].longest) or ""
        for key in ("name", "email", "phone")
    }
    if given["email"]:
        try:
            addresses.parse(given["email"])
        except ValueError:
            place["email"].problem(f"{fields.shown(given['email'])} is not a mail address")
    url = "" if raw.get("url") is None else fields.https_url(place, raw, "url")
    return Contact(**given, url=url)


def _logo(place: Place, raw: Any) -> str:
    if (raw or place.key) and not (isinstance(raw, str) and _LOGO.fullmatch(raw)):
        place.problem("not an image; use SVG, PNG, JPEG or WebP")
    elif len(raw) > _LARGEST_LOGO:
        place.problem(f"{len(raw)} octets as Base64; use {_LARGEST_LOGO} at most")
    return str(raw)


def _check_texts(place: Place, language: str, raw: Any) -> None:
    usual = texts(LANGUAGES[0])
    if not re.fullmatch("[a-z]{2,3}", language):
        place.problem("not a language such as en or it")
        return
    if not isinstance(raw, Mapping):
        place.problem("not a mapping of keys to texts")
        return
    fields.check_keys(place, raw, tuple(usual))
    for key in raw:
        fields.text(place, raw, key)
    missing = [key for key in usual if key not in raw]
    if missing and language not in LANGUAGES:
        place.problem(f"a new language needs all texts; missing: {', '.join(missing)}")
