"""The secrets of the sources: one file, which only the service reads."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..inventory.fields import ConfigurationError
from . import keys
from .rows import Secret
from .settings import Source

USUAL = Path("/etc/mail-autoconfig/sources-secrets.json")
MOUNTED = Path("/run/secrets/sources-secrets")
"""Where a container has it."""


def usual_path() -> Path:
    """systemd's credential, else what a container has, else the file on a host."""
    if directory := os.environ.get("CREDENTIALS_DIRECTORY"):
        return Path(directory) / "secrets"
    return MOUNTED if MOUNTED.exists() else USUAL


def load(path: Path) -> dict[str, Secret]:
    """Read them; none where there is no file. Raises ConfigurationError, which shows no value."""
    try:
        raw = _decoded(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError([f"{path.name}: can't be read: {error.strerror}"]) from None
    except (ValueError, RecursionError):  # its text may be a part of the file
        raise ConfigurationError([f"{path.name}: neither JSON nor YAML in UTF-8"]) from None
    if isinstance(raw, Mapping):
        raw = raw.get("autoconfig_sources_secrets", raw)  # as an inventory has them
    problems = list(check(raw))
    if problems:
        raise ConfigurationError(problems)
    return {name: dict(each) for name, each in raw.items()}


def _decoded(text: str) -> Any:
    """Raises ValueError for what is neither JSON nor, where its library is there, YAML."""
    try:
        return json.loads(text)
    except ValueError:
        if find_spec("yaml") is None:
            raise
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError from None


def check(raw: Any) -> list[str]:
    """What is wrong with `autoconfig_sources_secrets`; no line shows a value."""
    place = "autoconfig_sources_secrets"
    if not isinstance(raw, Mapping):
        return [f"{place}: not a mapping of sources to their secrets"]
    found: list[str] = []
    for name, each in raw.items():
        if not isinstance(each, Mapping):
            found.append(f"{place}, {name}: not a mapping such as {{password: …}}")
            continue
        for key, value in each.items():
            if key not in keys.SECRETS:
                found.append(f"{place}, {name}: unknown key; use {' or '.join(keys.SECRETS)}")
            elif not isinstance(value, str) or not value or not value.isprintable():
                found.append(f"{place}, {name}.{key}: not a line of text")
    return found


def unused(raw: Any, sources: Iterable[Source]) -> Iterator[str]:
    """Which secrets have no effect: whoever writes one thinks that somebody logs in by it."""
    for source in sources:
        given = raw.get(source.name) if isinstance(raw, Mapping) else None
        for key, types in keys.SECRETS.items():
            if not isinstance(given, Mapping) or key not in given:
                continue
            place = f"autoconfig_sources_secrets, {source.name}.{key}"
            if source.type not in types:
                yield f"{place}: no effect with type {source.type}; it is for {', '.join(types)}"
            elif key == "password" and not _names_user(source):
                yield f"{place}: no effect without user; write who logs in to the source"


def _names_user(source: Source) -> bool:
    """SQL has a user by default."""
    return source.type == "sql" or bool(source.user or urlsplit(source.url).username)
