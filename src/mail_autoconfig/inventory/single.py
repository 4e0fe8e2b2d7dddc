"""Domains one at a time, as sources give them: raw mappings -> `Domain`, or the problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import redirects
from .fields import ConfigurationError, Place
from .model import DEFAULT, Configuration, Domain, Settings
from .read import read_domain, read_providers


def parse_providers(raw: Any) -> Mapping[str, Settings]:
    """The built-in providers and the inventory's own. Raises ConfigurationError."""
    problems: list[str] = []
    providers = read_providers(problems, raw)
    if problems:
        raise ConfigurationError(problems)
    return providers


def parse_domain(
    raw: Any, providers: Mapping[str, Settings], generic_host: str | None = None
) -> Domain:
    """Check one domain by itself, and resolve it. Raises ConfigurationError with all problems.

    Domains with the same provider and no setting of their own share one object of settings.
    """
    problems: list[str] = []
    domain = read_domain(Place(problems, "domain"), raw, providers)
    if domain and domain.name == DEFAULT:
        problems.append("domain *: the default entry can't come from a source; remove it")
    elif domain:
        redirects.check(problems, Configuration({domain.name: domain}, None, generic_host))
    if domain is None or problems:
        raise ConfigurationError(problems)
    return domain
