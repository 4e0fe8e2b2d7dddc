"""Files of this host: one, or all that a pattern of names finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ...inventory import fields
from ...inventory.fields import Place
from .. import texts
from ..rows import Ask, Kind, Query, Row, Secret, SourceError
from ..settings import Source


@contextmanager
def opened(source: Source, _secret: Secret) -> Iterator[Ask]:
    """What is yielded reads; nothing stays open."""
    yield lambda kind, query: _rows(source, kind, query)


def _rows(source: Source, kind: Kind, query: Query) -> Iterator[Row]:
    assert isinstance(query, Mapping)  # noqa: S101 (the settings are checked)
    path = Path(source.path) / query["path"]
    optional, named = (
        fields.flag(Place([], ""), query, key, default=False) for key in ("optional", "named")
    )
    found = [path]
    if set("*?[") & set(str(path)):
        found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    if not found and not optional:
        raise SourceError(f"{path}: there is no such file")
    for name in found:
        if name.exists() or not optional:
            rows = texts.rows(kind, query, _content(name))
            yield from (_inside(name.stem, row) for row in rows) if named else rows


def _inside(domain: str, row: Row) -> Row:
    """A row of a file that is named after its domain: local parts stand there alone."""
    return tuple(f"{each}@{domain}" if each and "@" not in each else each for each in row)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(texts.LARGEST + 1)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    if len(content) > texts.LARGEST:
        raise SourceError(f"{path}: over {texts.LARGEST} octets")
    return content
