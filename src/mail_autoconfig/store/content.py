"""One file of the store, opened: what it has of a domain, a mailbox, of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from ..inventory.fields import ConfigurationError
from ..inventory.labels import PREFIX
from ..inventory.model import Domain
from ..inventory.names import written
from .definitions import Definitions, mapping
from .entry import Entry
from .file import PROVIDERS, File, StoreError, domain_of, login_in, logins_in, part, part_of

_MOST_KNOWN = 4096  # values of domains; most domains of a source have the same


class Content:
    """An open file. `find` raises ValueError, OSError where it is broken."""

    def __init__(self, path: Path, definitions: Definitions) -> None:
        """Raises StoreError. `definitions` are those of the file before."""
        self._file = File(path)
        try:
            providers = _text(self._file, PROVIDERS)
            same = providers == definitions.providers
            self.definitions = definitions if same else Definitions(providers)
        except (ConfigurationError, ValueError, OSError) as error:
            self._file.close()
            raise StoreError(f"can't be read: {error}") from None
        self.domains: int = self._file.says["domains"]
        self.digest: str = self._file.says["digest"]
        self._line = self._file.line
        self._known: dict[bytes, tuple[Domain | None, int]] = {}

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def find(self, name: str, localpart: str) -> Domain | None:
        """The domain, with the log-in of a mailbox: the same work for each mailbox."""
        key = name.encode()
        found = self._line(key)
        if found is None:
            return None
        like, parts = self._known.get(found[0]) or self._like(found[0])
        if like is None:
            return None
        login = None
        if parts:
            local = localpart.encode()
            if parts > 1:
                found = self._line(part(part_of(local, parts), key))
            login = login_in(found[1], local) if found else None
        return Domain(
            name,
            name if PREFIX not in name else written(name),
            like.settings,
            like.discovery,
            like.apex,
            like.pacc,
            like.mailconf,
            parts > 0,
            login.decode() if login else None,
        )

    def _like(self, value: bytes) -> tuple[Domain | None, int]:
        """A domain with this value and no name of its own, and how many parts log-ins have."""
        definition, parts, _source = value.split(b" ")
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        found = self.definitions.pattern(_text(self._file, b"#" + definition)), int(parts)
        self._known[value] = found
        return found


def read_names(file: File) -> Iterator[str]:
    """The names of all domains, sorted."""
    return iter(sorted(key.decode() for key, _value, _names in file.lines() if _is_domain(key)))


def read_entries(file: File) -> Iterator[Entry]:
    """All that a file has, sorted by name.

    In one go: a line can't make its reader look for more than there is.
    """
    domains: list[tuple[bytes, bytes, bytes]] = []
    parts: dict[bytes, list[bytes]] = {}
    texts: dict[bytes, bytes] = {}
    for key, value, names in file.lines():
        if _is_domain(key):
            domains.append((key, value, names))
        elif names:
            parts.setdefault(domain_of(key), []).append(names)
        else:
            texts[key] = value

    @cache
    def definition_of(word: str) -> Mapping[str, Any]:
        found = texts.get(b"#" + word.encode())
        if found is None:
            raise ValueError("damaged")
        return mapping(found.decode())

    for key, value, names in sorted(domains):
        word, _parts, source = value.decode().split(" ")
        logins = dict(chain.from_iterable(map(logins_in, [names, *parts.get(key, ())])))
        yield Entry(key.decode(), source, definition_of(word), logins)


def _is_domain(key: bytes) -> bool:
    return not key.startswith(b"#")


def _text(file: File, key: bytes) -> str:
    found = file.line(key)
    if found is None:
        raise ValueError("damaged")
    return found[0].decode()
