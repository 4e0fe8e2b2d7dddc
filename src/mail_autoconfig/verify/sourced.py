"""The domains of sources that are asked for: as far as they are ready to be asked for."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..inventory import file as inventory
from ..inventory.hosts import host_of
from ..inventory.model import Configuration, Domain
from ..inventory.read import ConfigurationError
from ..store.file import StoreError
from ..store.join import FEW, joined

_WORD = re.compile(r'[^\s;",]+')


def load(
    file: Path, store: Path | None, named: Path | None
) -> tuple[Configuration, frozenset[str]]:
    """A configuration with some domains of a store; also these, as they are written.

    A domain whose names are on certificates comes with them once they are in `named`, the file with
    the assignment of such names, or nginx's with them: it may have come a second ago. Raises
    ConfigurationError.
    """
    own = inventory.load(file)
    if store is None:
        return own, frozenset()
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
    return replace(whole, domains=domains), frozenset(sourced)


def _is_ready(domain: Domain, served: frozenset[str]) -> bool:
    return domain.discovery == "srv" or host_of("autodiscover", domain.name) in served
