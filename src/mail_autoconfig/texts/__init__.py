"""The texts of the page for people, a file for each language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pl", "pt")
"""The first is for people who like none of them."""


@cache
def texts(language: str) -> Mapping[str, str]:
    """The texts in one of `LANGUAGES`, by key; it is read from the zipapp too."""
    return tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
