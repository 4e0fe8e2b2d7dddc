"""Files -> what they say, each read as what its content shows it to be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from . import automx2, mailcow, monogramm, mozilla, php, pox, variables
from .draft import Source, SourceError

_LARGEST = 64 << 20  # octets
_KINDS = (
    "a clientConfig, an Autodiscover answer or its PHP, automx2's JSON, database or automx2.conf, "
    "variables of autodiscover-email-settings, mailcow.conf, or mailcow's list of domains"
)


def read_files(
    paths: Iterable[Path], domains: Sequence[str] = (), address: str = ""
) -> tuple[Source, ...]:
    """What each file says; lists of domains are for the others. Raises SourceError."""
    contents = [(path, _content(path)) for path in paths]
    named, others = list(domains), []
    sources: list[Source] = []
    for path, octets in contents:
        raw = _json(octets)
        if mailcow.is_list(raw):
            found, left = mailcow.domains_of(raw)
            named += found
            sources.append(Source((), tuple(f"{path.name}: {line}" for line in left)))
        else:
            others.append((path, octets, raw))
    if not others:
        raise SourceError("a list of domains alone; give mailcow.conf too")
    for path, octets, raw in others:
        try:
            source = _read(path, octets, raw, named, address)
        except SourceError as error:
            raise SourceError(f"{path.name}: {error}") from None
        sources.append(Source(source.drafts, tuple(f"{path.name}: {x}" for x in source.left)))
    return tuple(sources)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            octets = opened.read(_LARGEST + 1)
    except OSError as error:
        raise SourceError(f"{path}: can't be read: {error.strerror}") from None
    if len(octets) > _LARGEST:
        raise SourceError(f"{path}: over {_LARGEST >> 20} MiB, so it is another kind of file")
    return octets


def _json(octets: bytes) -> Any:
    if octets.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(octets)
    except (ValueError, RecursionError):
        return None


def _read(path: Path, octets: bytes, raw: Any, domains: Sequence[str], address: str) -> Source:
    if octets.startswith(b"SQLite format 3\0"):
        return automx2.read_database(path)
    if isinstance(raw, dict) and "servers" in raw:
        return automx2.read_json(raw)
    if b"<?php" in octets or b"<?=" in octets:
        return php.read(octets, domains, address)
    if b"clientConfig" in octets:
        return mozilla.read(octets, domains)
    if b"Autodiscover" in octets:
        return pox.read(octets, domains, address)
    text = octets.decode("utf-8", "replace")
    if "[automx2]" in text:
        return automx2.read_database(automx2.database_of(text))
    found = variables.read(text)
    if "MAILCOW_HOSTNAME" in found:
        return mailcow.read(found, domains)
    if {"IMAP_HOST", "SMTP_HOST", "POP_HOST"} & {*found}:
        return monogramm.read(found, domains)
    raise SourceError(f"no kind of file that can be imported; give {_KINDS}")
