"""What fields of the inventory have in common: where a value is, its type, and its problems."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from . import names
from .addresses import FORBIDDEN, PLACEHOLDER
from .keys import LONGEST, Key

PATTERN = re.compile(rf"(?:[^{{}}]|{PLACEHOLDER.pattern})+")
"""A text with `{email}`, `{localpart}` and `{domain}` as its only braces."""
ASK = "{ask}"
"""A user name that the client has to ask for."""

# Autoconfig's placeholders, and those of Dovecot, Postfix and others. A % alone is part of names
# such as user%example.com, and before two hexadecimal digits an octet of a URL.
_FOREIGN = re.compile(r"%[A-Z]+%|%[A-Za-z](?![A-Za-z0-9])")
_TRANSLATIONS = (
    (("%EMAILADDRESS%", "%s", "%U"), "{email}"),
    (("%EMAILLOCALPART%", "%n", "%N"), "{localpart}"),
    (("%EMAILDOMAIN%", "%d", "%D"), "{domain}"),
    (("%u",), "{email} (as in Dovecot), or {localpart} (as in Postfix)"),
)


class ConfigurationError(Exception):
    """A configuration that is not right.

    `problems` has a line for each: where it is, what is wrong, what to write in its place.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is in the configuration; collects the problems found there."""

    problems: list[str]
    subject: str
    key: str = ""

    def __getitem__(self, key: str) -> Place:
        """The place of a key."""
        return Place(self.problems, self.subject, f"{self.key}.{key}" if self.key else key)

    def entry(self, raw: Any) -> Place:
        """The place of an entry of a list, shown as a person finds it: no position to count."""
        own = [raw[key] for key in ("type", "host", "url") if isinstance(raw.get(key), str)]
        name = " ".join(own) or shown(raw)
        return Place(self.problems, self.subject, f"{self.key}[{name}]")

    def problem(self, message: str) -> None:
        """Add a problem; the place is written before it."""
        self.problems.append(f"{self._written}: {message}")

    @property
    def has_problem(self) -> bool:
        """Whether something is wrong here or below."""
        here = tuple(f"{self._written}{end}" for end in ":,.[")  # `a` is not `ab`
        return any(problem.startswith(here) for problem in self.problems)

    @property
    def _written(self) -> str:
        return f"{self.subject}, {self.key}" if self.key else self.subject


def text(place: Place, raw: Mapping[str, Any], key: str, *, longest: int = LONGEST) -> str | None:
    """A line of text of at most `longest` characters; None if the key is missing or not right."""
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or FORBIDDEN.search(value):
        place[key].problem(f"{shown(value)} is not a line of text")
        return None
    if len(value) > longest:
        place[key].problem(f"{len(value)} characters long; use {longest} at most")
    return str(value)


def username(place: Place, raw: Mapping[str, Any]) -> tuple[str, bool]:
    """The pattern of a user name, the whole address by default; and whether a client has to ask.

    The pattern of the latter is for clients that can't.
    """
    pattern = text(place, raw, "username") or "{email}"
    if pattern == ASK:
        return "{email}", True
    if foreign := foreign_placeholder(pattern):
        place["username"].problem(foreign)
    elif ASK in pattern:
        place["username"].problem(f"{shown(pattern)} has {ASK} beside other text; write it alone")
    elif not PATTERN.fullmatch(pattern):
        place["username"].problem(
            f"{shown(pattern)} has other braces than {{email}}, {{localpart}} and {{domain}}"
        )
    return pattern, False


_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
"""What Ansible's inventories and environments have as text (YAML 1.1)."""
USERNAME_PATTERN = (
    r"^(?:\{ask\}|(?:\{(?:email|localpart|domain)\}|%(?![A-Z]+%|[A-Za-z](?![A-Za-z0-9]))|[^{}%])+)$"
)
"""The same rules as a regular expression, for the schema."""


def foreign_placeholder(pattern: str) -> str:
    """What to write in place of a placeholder of another program; empty if there is none."""
    found = _FOREIGN.search(pattern)
    if not found:
        return ""
    ours = next((ours for words, ours in _TRANSLATIONS if found[0] in words), "")
    return (
        f'{shown(pattern)} has "{found[0]}", which is another program\'s; write '
        f"{ours or '{email}, {localpart} or {domain}'}"
    )


def flag(place: Place, raw: Mapping[str, Any], key: str, *, default: bool) -> bool:
    """True or false, also as text."""
    value = raw.get(key, default)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    place[key].problem(f"{shown(value)} is neither true nor false")
    return default


def choice(
    place: Place,
    raw: Mapping[str, Any],
    key: str,
    allowed: Sequence[str],
    default: str | None = None,
) -> Any:
    """One of the words `allowed`; without a default the key must be there."""
    value = raw.get(key, default)
    if value is None:
        place.problem(f"no {key}; use one of {', '.join(allowed)}")
    elif value in allowed:
        return value
    else:
        place[key].problem(f"no {key} {shown(value)}; use one of {', '.join(allowed)}")
    return allowed[0]


def host_name(place: Place, value: Any, *, written: str | None = None) -> str | None:
    """A host name in lower-case A-label form; None if it is none. `written` is what to show."""
    try:
        if isinstance(value, str):
            return names.normalise(value)
    except names.LabelError as error:
        cure = "there is no such A-label; write the name in its own letters"
        if not value.isascii():
            cure = "a character is none of host names (IDNA 2008); use letters, digits and hyphens"
        place.problem(f"{shown(written or value)}, label {error.label}: {cure}")
        return None
    except ValueError:
        if meant := _meant(value):
            place.problem(f"{shown(written or value)} is not a host name; did you mean {meant}?")
            return None
    what = "missing; give" if value is None else f"{shown(written or value)} is not"
    place.problem(f"{what} a host name such as mail.example.com")
    return None


def _meant(value: str) -> str:
    """The host name in an address or a URL; empty if there is none."""
    inside = re.fullmatch(
        r"(?:https?://)?(?:[^@/\s]*@)?([^@/\s:]+)(?::\d+)?(?:/\S*)?", value.strip()
    )
    try:
        return names.normalise(inside[1]) if inside else ""
    except ValueError:
        return ""


def https_url(place: Place, raw: Mapping[str, Any], key: str) -> str:
    """An https URL without placeholders."""
    value = raw.get(key)
    if not isinstance(value, str) or "{" in value or not is_https(value):
        place[key].problem(f"{shown(value)} is not a URL; use https://HOST/PATH")
    return str(value)


def is_https(url: str) -> bool:
    """Whether this is an https URL, where `{domain}` may be part of the host."""
    if (
        FORBIDDEN.search(url)
        or " " in url
        or not PATTERN.fullmatch(url)
        or foreign_placeholder(url)
    ):
        return False
    try:
        parts = urlsplit(url.replace("{domain}", "d.d"))
        host, port = names.normalise(parts.hostname or ""), parts.port  # both raise ValueError
        return parts.scheme == "https" and bool(host) and port != 0
    except ValueError:
        return False


def number(value: Any, declared: Key) -> int | None:
    """A whole number in the limits of its key, also as text; true and false are none."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return int(value) if whole and declared.smallest <= value <= declared.largest else None


def check_keys(place: Place, raw: Mapping[Any, Any], allowed: Collection[str]) -> None:
    """Find the keys that there are not."""
    for key in raw:
        if key not in allowed:
            place.problem(f"unknown key {shown(key)}{did_you_mean(key, allowed)}")


def did_you_mean(value: Any, candidates: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the candidate most like it, if one is."""
    close = get_close_matches(str(value), list(candidates), 1)
    return f'; did you mean "{close[0]}"?' if close else "."


def is_list(value: Any) -> bool:
    """Whether this is a list; a text is none."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def printable(text: str) -> str:
    """A text for a terminal, without what moves its cursor or ends a line."""
    return "".join(each if each.isprintable() else "?" for each in text)


def shown(value: Any) -> str:
    """A value as JSON, for a message; at most 80 characters."""
    written = json.dumps(value, ensure_ascii=False, default=str)
    # Half a character, as of an emoji that was cut off, gets into no file and no terminal.
    written = written.encode("utf-8", "backslashreplace").decode("utf-8")
    return written if len(written) <= 80 else f"{written[:77]}…"
