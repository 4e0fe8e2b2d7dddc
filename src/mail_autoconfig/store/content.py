"""One file of the store, opened: what it has of a domain, a mailbox, of all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..inventory.fields import ConfigurationError
from ..inventory.labels import PREFIX
from ..inventory.model import Domain
from ..inventory.names import written
from .definitions import Definitions, mapping
from .entry import Entry
from .file import PROVIDERS, File, StoreError, part, value

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
        self._bucket = self._file.bucket
        self._known: dict[bytes, tuple[Domain | None, int]] = {}

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def find(self, name: str, localpart: str) -> Domain | None:
        """The domain, with the log-in of a mailbox: the same work for each mailbox."""
        key = name.encode()
        bucket = self._bucket(key)
        line = value(bucket, key)
        if line is None:
            return None
        like, parts = self._known.get(line) or self._like(line)
        if like is None:
            return None
        login = None
        if parts:
            local = localpart.encode()
            if parts > 1:
                bucket = self._bucket(part(key, local, parts))
            login = value(bucket, local + b"@" + key)
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

    def _like(self, line: bytes) -> tuple[Domain | None, int]:
        """A domain with this value and no name of its own, and how many parts log-ins have."""
        definition, parts, _source = line.split(b"\t")
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        found = self.definitions.pattern(_text(self._file, b"#" + definition)), int(parts)
        self._known[line] = found
        return found


def read_names(file: File) -> Iterator[str]:
    """The names of all domains, sorted."""
    return iter(sorted(key.decode() for key, _value in file.lines() if _is_domain(key)))


def read_entries(file: File) -> Iterator[Entry]:
    """All that a file has, sorted by name."""
    for key, line in sorted(each for each in file.lines() if _is_domain(each[0])):
        definition, parts, source = line.decode().split("\t")
        raw = mapping(_text(file, b"#" + definition.encode()))
        yield Entry(key.decode(), source, raw, dict(_logins(file, key, int(parts))))


def _logins(file: File, domain: bytes, parts: int) -> Iterator[tuple[str, str]]:
    """The log-in names of a domain."""
    if parts > file.says["buckets"]:
        raise ValueError("damaged")
    keys = [b"%d/%b" % (number, domain) for number in range(parts)] if parts > 1 else [domain]
    for bucket in {file.bucket(key) for key in keys} if parts else ():
        for line in bucket.split(b"\n"):
            address, _tab, login = line.partition(b"\t")
            if address.endswith(b"@" + domain):
                yield address.decode().removesuffix(f"@{domain.decode()}"), login.decode()


def _is_domain(key: bytes) -> bool:
    return b"@" not in key and not key.startswith(b"#")


def _text(file: File, key: bytes) -> str:
    found = value(file.bucket(key), key)
    if found is None:
        raise ValueError("damaged")
    return found.decode()
