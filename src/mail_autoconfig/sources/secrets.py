"""The secrets of the sources: one file, which only the service reads."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..inventory.fields import ConfigurationError
from . import keys
from .rows import Secret

USUAL = Path("/etc/mail-autoconfig/sources-secrets.json")


def usual_path() -> Path:
    """systemd's credential, else the file that it is made of."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(directory) / "secrets" if directory else USUAL


def load(path: Path) -> dict[str, Secret]:
    """Read them; none where there is no file. Raises ConfigurationError, which shows no value."""
    try:
        raw = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError([f"{path.name}: can't be read: {error.strerror}"]) from None
    except (ValueError, RecursionError):  # its text may be a part of the file
        raise ConfigurationError([f"{path.name}: not JSON in UTF-8"]) from None
    problems = list(check(raw))
    if problems:
        raise ConfigurationError(problems)
    return {name: dict(each) for name, each in raw.items()}


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
