"""Reads the configuration in a process of its own.

What reading needs for a moment, twice as much as it leaves, would stay with the process that forks
the workers, and so with each of them.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ..inventory.file import load
from ..inventory.model import Configuration, Domain, Server, Settings, WebServer
from ..inventory.read import ConfigurationError

_EMPTY: Mapping[str, Any] = {}
_RIGHT, _WRONG = 0, 3  # what the process ends with


def read_apart(path: Path, *, sources: bool) -> bytes:
    """As `inventory.file.load`, packed. Raises ConfigurationError."""
    here, there = os.pipe()
    reader = os.fork()
    if not reader:
        status = 1
        try:
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
        configuration: Configuration = pickle.loads(packed)  # noqa: S301 (our own process's)
        return configuration
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
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(configuration)
    return _RIGHT


class _Pickler(pickle.Pickler):
    """Makes one text of all equal ones, since thousands of domains say the same words."""

    def __init__(self, file: BinaryIO, protocol: int) -> None:
        super().__init__(file, protocol)
        self._seen: dict[Any, Any] = {}

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, Domain | Settings | Server | WebServer):
            return NotImplemented
        return type(value), tuple(self._one(getattr(value, name)) for name in value.__slots__)

    def _one(self, value: Any) -> Any:
        if value == {}:
            return _EMPTY
        # No other types: equal values may differ, as 1 and True do.
        if type(value) is str or (type(value) is tuple and {*map(type, value)} <= {str}):
            return self._seen.setdefault(value, value)
        return value
