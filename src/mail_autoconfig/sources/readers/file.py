"""Files of this host: one, or all that a pattern of names finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path

from ...inventory import fields
from ...inventory.fields import Place
from .. import texts
from ..rows import Ask, Kind, Query, Row, Secret, SourceError
from ..settings import Source

_WILD = frozenset("*?[")


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
    try:
        found = _found(path)
        if not found and not optional:
            raise SourceError(f"{path}: there is no such file")
        for name in found:
            if (content := _content(name, optional=optional)) is not None:
                rows = texts.rows(kind, query, content)
                yield from (_named(name.stem, row) for row in rows) if named else rows
    except OSError as error:
        raise SourceError(f"{error.filename}: {error.strerror}") from None


def _found(path: Path) -> list[Path]:
    """The files that a path with * stands for, in order.

    Raises OSError where a directory can't be read: Python's own glob passes over it, and a part of
    the files would be taken for all.
    """
    if not _WILD & set(str(path)):
        return [path]
    found = [Path(path.anchor)]
    for part in path.relative_to(path.anchor).parts:
        if _WILD & set(part):
            inside = chain.from_iterable(map(_inside_of, found))
            found = [each for each in inside if fnmatchcase(each.name, part)]
        else:
            found = [at / part for at in found]
    return [each for each in found if _is_there(each)]


def _inside_of(directory: Path) -> list[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(directory.iterdir())
    return []


def _is_there(path: Path) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError):
        return bool(path.stat())
    return False


def _named(domain: str, row: Row) -> Row:
    """A row of a file that is named after its domain: local parts stand there alone."""
    return tuple(f"{each}@{domain}" if each and "@" not in each else each for each in row)


def _content(path: Path, *, optional: bool) -> bytes | None:
    """What is in a file; None where it may be missing, and is."""
    try:
        with path.open("rb") as file:
            content = file.read(texts.LARGEST + 1)
    except FileNotFoundError:
        if not optional:
            raise
        return None
    if len(content) > texts.LARGEST:
        raise SourceError(f"{path}: over {texts.LARGEST} octets")
    return content
