"""Who looks at the page: in which language, on which device, and for which one they ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from ...inventory.model import Look
from ...texts import LANGUAGES

Device = Literal["ios", "android", "windows", "mac", "linux"]
DEVICES: tuple[Device, ...] = get_args(Device)
PHONES: tuple[Device, ...] = ("ios", "android")
HEADERS = ("accept-language", "user-agent", "sec-ch-ua-platform")
"""What of a request decides, for Vary."""

_LONGEST_READ = 1000  # characters of a header; browsers send some dozens, or some hundreds
_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")

# A word of User-Agent, or of Sec-CH-UA-Platform (User-Agent Client Hints, section 3.5), in lower
# case; the first that is there counts. Android says Linux too, and an iPad may say Macintosh.
_WORDS: tuple[tuple[str, Device], ...] = (
    ("iphone", "ios"),
    ("ipad", "ios"),
    ("ipod", "ios"),
    ("ios", "ios"),
    ("android", "android"),
    ("cros", "android"),
    ("chrome os", "android"),
    ("chromium os", "android"),
    ("windows", "windows"),
    ("macintosh", "mac"),
    ("macos", "mac"),
    ("linux", "linux"),
    ("x11", "linux"),
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person: `device` is where the mail is wanted, `here` what the page is shown on."""

    language: str = LANGUAGES[0]
    device: Device = "windows"
    here: Device = "windows"

    @property
    def on_phone(self) -> bool:
        """Whether the page is shown on a telephone or tablet: it can't scan its own screen."""
        return self.here in PHONES


def guess(user_agent: str, platform: str = "") -> Device:
    """The device that a browser is on; Windows, which most computers have, if nothing says so."""
    for header in (platform, user_agent):
        said = header[:_LONGEST_READ].lower()
        if found := next((device for word, device in _WORDS if word in said), None):
            return found
    return "windows"


def device_named(name: str, otherwise: Device) -> Device:
    """The device that somebody chose, or the other one."""
    return next((device for device in DEVICES if device == name), otherwise)


def choose_language(accepted: str, look: Look, chosen: str = "") -> str:
    """The language that somebody chose, else what an Accept-Language header likes best.

    RFC 9110, section 12.5.4.
    """
    if chosen in LANGUAGES or chosen in look.texts:
        return chosen
    best, weight = LANGUAGES[0], 0.0
    for choice in accepted[:_LONGEST_READ].split(","):
        tag, *parameters = (part.strip().lower() for part in choice.split(";"))
        match = _WEIGHT.fullmatch("".join(parameters)) if parameters else None
        liked = float(match[1]) if match else 0.0 if parameters else 1.0
        language = tag.partition("-")[0]
        if (language in LANGUAGES or language in look.texts) and liked > weight:
            best, weight = language, liked
    return best
