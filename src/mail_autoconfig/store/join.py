"""A configuration with the domains of a store, for what asks about many of them at once."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ..inventory import file as inventory
from ..inventory.model import Configuration
from ..inventory.read import ConfigurationError
from .file import StoreError
from .read import Store

FEW = 50
"""So many domains stand for all: those of a source share their answers, and may be very many."""


def load(file: Path, store: Path | None, most: int | None = None) -> Configuration:
    """Read a configuration; with a store, what :func:`joined` makes of both.

    Raises ConfigurationError.
    """
    configuration = inventory.load(file)
    try:
        return joined(configuration, store, most) if store else configuration
    except StoreError as error:
        raise ConfigurationError([f"{store}: {error}"]) from None


def joined(configuration: Configuration, path: Path, most: int | None = None) -> Configuration:
    """Return the configuration with the store's domains after its own, which win.

    Not all of them, but `most`, spread over all. A file that is missing has none. Raises
    StoreError.
    """
    with closing(Store(path)) as store:
        names = [name for name in store.names() if name not in configuration.domains]
        found = ((name, store.find(name)) for name in names[:: step(len(names), most)])
        more = {name: domain for name, domain in found if domain}
    return replace(configuration, domains={**configuration.domains, **more})


def step(count: int, most: int | None) -> int:
    """How many of `count` domains there are to each that is taken, so that there are `most`."""
    return -(-count // most) or 1 if most else 1
