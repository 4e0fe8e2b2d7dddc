"""The domains of sources that are asked for: as far as they are ready to be asked for."""

from __future__ import annotations

import re
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..inventory import file as inventory
from ..inventory.hosts import host_of
from ..inventory.model import Configuration, Domain
from ..inventory.read import ConfigurationError
from ..store.file import StoreError
from ..store.join import FEW, joined
from ..store.read import Store

_WORD = re.compile(r'[^\s;",]+')


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: `sourced` are its domains of sources, as they are written.

    `count` is the number of all domains of the inventory and of the store.
    """

    configuration: Configuration
    sourced: frozenset[str]
    count: int


def load(file: Path, store: Path | None, named: Path | None) -> Asked:
    """A configuration with some domains of a store.

    A domain whose names are on certificates comes with them once they are in `named`, the file with
    the assignment of such names, or nginx's with them: it may have come a second ago. Raises
    ConfigurationError.
    """
    own = inventory.load(file)
    if store is None:
        return Asked(own, frozenset(), len(own.domains))
    try:
        whole = joined(own, store, FEW)
    except StoreError as error:
        raise ConfigurationError([f"{store}: {error}"]) from None
    served: frozenset[str] = frozenset()
    if named:
        with suppress(OSError):
            served = frozenset(_WORD.findall(named.read_text("utf-8")))
    domains = {
        name: domain
        for name, domain in whole.domains.items()
        if name in own.domains or _is_ready(domain, served)
    }
    sourced = (domain.written for name, domain in domains.items() if name not in own.domains)
    with closing(Store(store)) as opened:
        stored = opened.content.domains if opened.content else 0
    count = len(own.domains) + stored
    return Asked(replace(whole, domains=domains), frozenset(sourced), count)


def _is_ready(domain: Domain, served: frozenset[str]) -> bool:
    return domain.discovery == "srv" or host_of("autodiscover", domain.name) in served
