"""Whom CAA records allow to issue (RFC 8659), and how (RFC 8657). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_KNOWN = "issue", "issuewild", "iodef"
_CRITICAL = 128


@dataclass(frozen=True, slots=True)
class Record:
    """A CAA record."""

    flags: int
    tag: str
    value: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who is to issue: the authority's names, the account there, and how names are proven.

    `account` is a URL; empty, this host has none yet. `method` is a challenge such as http-01.
    Without names, no record can be judged.
    """

    names: frozenset[str]
    account: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What a record allows: an authority, and its parameters, each with all its values."""

    name: str
    parameters: dict[str, list[str]]

    def one(self, parameter: str) -> str | None:
        """The value of a parameter; None if there is none. More than one allow nothing."""
        values = self.parameters.get(parameter)
        if values is None:
            return None
        return values[0] if len(values) == 1 else ""


def forbidden(host: str, records: Iterable[Record], issuer: Issuer, *, wild: bool) -> str:
    """Why the records of `host` forbid a certificate, or an empty string.

    `wild` says that the certificate is for a wildcard below it.
    """
    tags: dict[str, list[_Allowed]] = defaultdict(list)
    for each in records:
        tag = each.tag.lower()
        if each.flags & _CRITICAL and tag not in _KNOWN:
            return f"CAA of {host}: {tag} is critical and unknown"
        tags[tag].append(_read(each.value))
    decides = "issuewild" if wild and "issuewild" in tags else "issue"
    if decides not in tags:
        return ""
    ours = [each for each in tags[decides] if each.name in issuer.names]
    if not ours:
        names = sorted({each.name for each in tags[decides] if each.name})
        return f"CAA of {host} allows {' and '.join(names) or 'nobody'}"
    limits = [_limit(host, each, issuer) for each in ours]
    return "" if "" in limits else limits[0]


def _read(value: str) -> _Allowed:
    name, *rest = (part.strip() for part in value.split(";"))
    parameters: dict[str, list[str]] = defaultdict(list)
    for tag, content in _pairs(rest):
        parameters[tag].append(content)
    return _Allowed(name.lower(), parameters)


def _pairs(parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for part in parts:
        tag, _equals, content = part.partition("=")
        yield tag.strip().lower(), content.strip()


def _limit(host: str, allowed: _Allowed, issuer: Issuer) -> str:
    """Which parameter of a record forbids what the record allows otherwise."""
    account, method = allowed.one("accounturi"), allowed.one("validationmethods")
    if account not in (None, issuer.account):
        ours = f", not {issuer.account}" if issuer.account else "; this host has no account yet"
        return f"CAA accounturi of {host} allows {account or 'none'}{ours}"
    if method is not None and issuer.method not in map(str.strip, method.split(",")):
        return f"CAA validationmethods of {host} allows {method or 'none'}, not {issuer.method}"
    return ""
