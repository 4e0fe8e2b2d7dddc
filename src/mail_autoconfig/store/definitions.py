"""Definitions of domains as text -> domains, those of equal ones made once."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..inventory.fields import Place
from ..inventory.model import Domain
from ..inventory.read import read_domain
from ..inventory.single import parse_providers

_log = logging.getLogger(__name__)


class Definitions:
    """What the definitions of a store mean, with its `providers`.

    Answers are kept by the settings, which domains of one definition share; so settings live on
    when the file is replaced by one with the same definition.
    """

    def __init__(self, providers: str) -> None:
        """Raises ConfigurationError, ValueError for what is no JSON."""
        self.providers = providers
        found = parse_providers(mapping(providers))

        @lru_cache(maxsize=4096)
        def pattern(raw: str) -> Domain | None:
            return _parse(raw, found)

        self.pattern = pattern
        """A domain with the settings of a definition; None, and a line in the log, if it is wrong.

        Whoever wrote the file has checked it, maybe with another version of the program."""


def _parse(raw: str, providers: Mapping[str, Any]) -> Domain | None:
    problems: list[str] = []
    definition = {**mapping(raw), "name": "domain.invalid"}
    domain = read_domain(Place(problems, "domain"), definition, providers)
    for problem in problems:
        _log.error("of a source: %s", problem.replace("domain.invalid", "with this definition"))
    return None if problems else domain


def mapping(raw: str) -> Mapping[str, Any]:
    """Read one in JSON. Raises ValueError for anything else."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("damaged") from None
    if not isinstance(found, dict):
        raise ValueError("damaged")
    return found
