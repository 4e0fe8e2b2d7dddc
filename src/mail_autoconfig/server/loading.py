"""Reads the configuration in a process of its own.

What reading needs for a moment, twice as much as it leaves, would stay with the process that forks
the workers, and so with each of them.
"""

from __future__ import annotations

import gc
import io
import json
import os
import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from ..inventory.file import load
from ..inventory.model import Configuration, Domain, Server, Settings, WebServer
from ..inventory.read import ConfigurationError

_EMPTY: Mapping[str, Any] = {}
_PART = 1000  # domains
_NICE = 10  # who asks for an answer meanwhile comes first
_RIGHT, _WRONG = 0, 3  # what the process ends with


def read_apart(path: Path, *, sources: bool) -> bytes:
    """As `inventory.file.load`, packed. Raises ConfigurationError."""
    here, there = os.pipe()
    reader = os.fork()
    if not reader:
        status = 1
        try:
            os.nice(_NICE)
            os.close(here)
            with os.fdopen(there, "wb") as file:
                status = _send(file, path, sources)
        finally:
            os._exit(status)
    os.close(there)
    with os.fdopen(here, "rb") as file:
        packed = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1])
    if status == _RIGHT:
        return packed
    if status == _WRONG:
        raise ConfigurationError(json.loads(packed))
    raise ConfigurationError(["not read to its end: the process that read it died"])


def unpack(packed: bytes) -> Configuration:
    """The configuration that `read_apart` gave."""
    gc.disable()  # nothing of it is garbage
    try:
        file = io.BytesIO(packed)
        head: tuple[Configuration, list[Settings], int]
        head = pickle.load(file)  # noqa: S301 (our own process's)
        configuration, shared, count = head
        domains: dict[str, Domain] = {}
        for _part in range(count):
            domains.update((each.name, each) for each in _Unpickler(file, shared).load())
        return replace(configuration, domains=domains)
    finally:
        gc.enable()


def _send(file: BinaryIO, path: Path, sources: bool) -> int:
    """Write the configuration, or the list of its problems; return which."""
    gc.disable()
    try:
        configuration = load(path, images=True, sources=sources)
    except ConfigurationError as error:
        file.write(json.dumps(error.problems).encode())
        return _WRONG
    domains = [*configuration.domains.values()]
    found = Counter(id(each.settings) for each in domains)
    shared = {id(each.settings): each.settings for each in domains if found[id(each.settings)] > 1}
    parts = [domains[start : start + _PART] for start in range(0, len(domains), _PART)]
    head = replace(configuration, domains={}), [*shared.values()], len(parts)
    _Pickler(file, {}).dump(head)
    numbers = {each: number for number, each in enumerate(shared)}
    for part in parts:
        _Pickler(file, numbers).dump(part)
    return _RIGHT


class _Pickler(pickle.Pickler):
    """Makes one text of all equal ones, since thousands of domains say the same words.

    One for each part, since it keeps all that it wrote. `numbers` has those of settings in the
    head, by their identity.
    """

    def __init__(self, file: BinaryIO, numbers: Mapping[int, int]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._numbers = numbers
        self._seen: dict[Any, Any] = {}

    def persistent_id(self, value: Any) -> int | None:
        return self._numbers.get(id(value)) if isinstance(value, Settings) else None

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, Domain | Settings | Server | WebServer):
            return NotImplemented
        return type(value), tuple(self._one(getattr(value, name)) for name in value.__slots__)

    def _one(self, value: Any) -> Any:
        if value == {}:
            return _EMPTY
        texts = value if isinstance(value, tuple) else (value,)
        # No other types: equal values may differ, as 1 and True do.
        if all(isinstance(each, str) for each in texts):
            return self._seen.setdefault(value, value)
        return value


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, shared: Sequence[Settings]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, number: int) -> Settings:
        return self._shared[number]
