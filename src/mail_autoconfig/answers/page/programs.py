"""Which programs a device has for a domain's mail, and the steps of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from ...inventory.model import Domain, Settings
from .. import apple
from ..autodiscover import offers_settings
from .visitor import Device

Kind = Literal["password", "microsoft", "google", "sign_in", "by_hand"]

# Whose servers these are: what a provider's own host names end in.
_ZONES: Mapping[Kind, tuple[str, ...]] = {
    "microsoft": ("office365.com", "outlook.com", "microsoftonline.com"),
    "google": ("gmail.com", "googlemail.com", "google.com"),
}
_PASSWORDS = {"password", "password_encrypted"}


@dataclass(frozen=True, slots=True)
class Program:
    """A mail program: `name` and the rest are keys of texts, or a name that is no key.

    `way` is how it gets the settings, `button` what the first step downloads, `choice` what the
    program calls the provider, `picture` a drawing.
    """

    name: str
    way: Literal["way_auto", "way_file", "way_paste", "way_sign_in"]
    steps: tuple[str, ...]
    button: Literal["", "profile", "outlook"] = ""
    picture: str = ""
    hint: str = ""
    choice: str = ""


_APPLE_IOS = Program(
    "Apple Mail", "way_file", ("ios_1", "ios_2", "ios_3"), "profile", "ios", "ios_hint"
)
_APPLE_MAC = Program(
    "Apple Mail", "way_file", ("mac_1", "mac_2", "mac_3"), "profile", "mac", "mac_hint"
)
_CLASSIC = Program(
    "outlook_classic", "way_file", ("classic_1", "classic_2", "classic_3"),
    "outlook", "classic", "classic_hint",
)  # fmt: skip
_CLASSIC_BY_HAND = Program(
    "outlook_classic", "way_paste", ("manual_1", "manual_2"), "", "classic", "manual_hint"
)
_NEW = Program(
    "outlook_new", "way_paste", ("new_1", "new_2", "new_3", "new_4"), "", "new", "new_hint"
)
_MOBILE = Program(
    "Outlook", "way_paste", ("mobile_1", "mobile_2", "mobile_3"), hint="mobile_hint"
)  # fmt: skip
_OUTLOOK_MAC = Program(
    "Outlook", "way_paste", ("outlook_mac_1", "outlook_mac_2", "outlook_mac_3"), hint="mobile_hint"
)
_GMAIL = Program("Gmail", "way_paste", ("gmail_1", "gmail_2", "gmail_3", "gmail_4"), "", "gmail")
_SAMSUNG = Program("Samsung Email", "way_paste", ("samsung_1", "samsung_2", "samsung_3"))
_K9 = Program("Thunderbird, K-9 Mail, FairEmail", "way_auto", ("k9_1", "k9_2"))
_THUNDERBIRD = Program(
    "Thunderbird", "way_auto", ("thunderbird_1", "thunderbird_2", "thunderbird_3"),
    picture="thunderbird",
)  # fmt: skip
_EVOLUTION = Program("Evolution", "way_auto", ("evolution_1", "evolution_2", "evolution_3"))
_OTHERS = Program("KMail, Geary, Delta Chat", "way_auto", ("others_1",))

# Where people sign in on a page of their provider.
_OUTLOOK = Program("Outlook", "way_sign_in", ("outlook_1", "outlook_2", "sign_in"))
_OWN_EXCHANGE = Program("Outlook", "way_auto", ("outlook_1", "exchange_2"))
_IOS_SIGN_IN = Program("Apple Mail", "way_sign_in", ("settings_ios", "choose", "sign_in"))
_MAC_SIGN_IN = Program("Apple Mail", "way_sign_in", ("settings_mac", "choose", "sign_in"))
_GMAIL_SIGN_IN = Program("Gmail", "way_sign_in", ("gmail_1", "choose", "sign_in"), "", "gmail")
_K9_SIGN_IN = Program("Thunderbird, K-9 Mail", "way_sign_in", ("k9_1", "type", "sign_in"))
_THUNDERBIRD_SIGN_IN = Program(
    "Thunderbird", "way_sign_in", ("thunderbird_1", "thunderbird_type", "sign_in")
)

_PASSWORD: Mapping[Device, tuple[Program, ...]] = {
    "ios": (_APPLE_IOS, _MOBILE),
    "android": (_GMAIL, _SAMSUNG, _K9, _MOBILE),
    "windows": (_CLASSIC, _NEW, _THUNDERBIRD),
    "mac": (_APPLE_MAC, _OUTLOOK_MAC, _THUNDERBIRD),
    "linux": (_THUNDERBIRD, _EVOLUTION, _OTHERS),
}
_MICROSOFT: Mapping[Device, tuple[Program, ...]] = {
    "ios": (_OUTLOOK, replace(_IOS_SIGN_IN, choice="Microsoft Exchange")),
    "android": (_OUTLOOK, replace(_GMAIL_SIGN_IN, choice="gmail_exchange"), _K9_SIGN_IN),
    "windows": (_OUTLOOK, _THUNDERBIRD_SIGN_IN),
    "mac": (_OUTLOOK, replace(_MAC_SIGN_IN, choice="Microsoft Exchange"), _THUNDERBIRD_SIGN_IN),
    "linux": (_THUNDERBIRD_SIGN_IN,),
}
_GOOGLE: Mapping[Device, tuple[Program, ...]] = {
    "ios": (replace(_IOS_SIGN_IN, choice="Google"), _OUTLOOK),
    "android": (replace(_GMAIL_SIGN_IN, choice="Google"), _OUTLOOK, _K9_SIGN_IN),
    "windows": (replace(_OUTLOOK, name="outlook_new"), _THUNDERBIRD_SIGN_IN),
    "mac": (replace(_MAC_SIGN_IN, choice="Google"), _OUTLOOK, _THUNDERBIRD_SIGN_IN),
    "linux": (_THUNDERBIRD_SIGN_IN,),
}
_COMPUTERS: tuple[Device, ...] = ("windows", "mac", "linux")
_SIGN_IN: Mapping[Device, tuple[Program, ...]] = dict.fromkeys(_COMPUTERS, (_THUNDERBIRD_SIGN_IN,))


def kind(settings: Settings) -> Kind:
    """How people get to their mail: by whose log-in."""
    hosts = tuple(_hosts(settings))
    for owner, zones in _ZONES.items():
        if hosts and all(_is_below(host, zones) for host in hosts):
            return owner
    sides = [
        [each for each in settings.mail_servers if (each.type == "smtp") == outgoing]
        for outgoing in (False, True)
    ]
    if all(any(_takes_password(each.authentication) for each in side) for side in sides):
        return "password"
    active_sync = settings.active_sync
    if not settings.mail_servers and active_sync and _takes_password(active_sync.authentication):
        return "password"
    if all(any("oauth2" in each.authentication for each in side) for side in sides):
        return "sign_in"
    return "by_hand"


def provider(settings: Settings, otherwise: str) -> str:
    """Whose page people sign in at."""
    return {"microsoft": "Microsoft", "google": "Google"}.get(kind(settings), otherwise)


def programs(domain: Domain, device: Device) -> tuple[Program, ...]:
    """The programs of a device, the one to take first; none if all is to be done by hand."""
    settings = domain.settings
    found = kind(settings)
    if found == "password":
        return tuple(filter(None, (_fitting(each, domain) for each in _PASSWORD[device])))
    if found == "by_hand":
        return ()
    table = {"microsoft": _MICROSOFT, "google": _GOOGLE, "sign_in": _SIGN_IN}[found]
    return table.get(device, ())


def has_profile(domain: Domain) -> bool:
    """Whether Apple's profile is what people should take."""
    return kind(domain.settings) not in ("microsoft", "google") and not apple.refusal(domain)


def has_file(domain: Domain) -> bool:
    """Whether the file for classic Outlook helps: it then asks, and gets settings here."""
    redirect = domain.settings.redirect
    elsewhere = redirect is not None and redirect.kind == "url"
    right = kind(domain.settings) == "password"
    return right and offers_settings(domain) and not elsewhere


def _fitting(program: Program, domain: Domain) -> Program | None:
    """A program as this domain needs it; None if it gets no settings."""
    settings = domain.settings
    redirect = settings.redirect
    if program.button == "profile":
        return program if has_profile(domain) else None
    if not settings.mail_servers:
        return None  # ActiveSync alone, which the profile sets up
    if program is _CLASSIC and not has_file(domain):
        return _OWN_EXCHANGE if redirect and redirect.kind == "url" else _CLASSIC_BY_HAND
    return program


def _hosts(settings: Settings) -> Iterator[str]:
    if settings.mail_servers:
        yield from (server.host for server in settings.mail_servers)
    else:
        yield from (urlsplit(web.url).hostname or "" for web in settings.web_servers)


def _is_below(host: str, zones: tuple[str, ...]) -> bool:
    return any(host == zone or host.endswith(f".{zone}") for zone in zones)


def _takes_password(methods: tuple[str, ...]) -> bool:
    return bool(_PASSWORDS.intersection(methods)) or methods == ("none",)
