"""What domains of sources are: their source's defaults with what it says of each, checked.

Few definitions are shared by very many domains, so each is checked once, with a name that stands
for all; names are checked where they are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..inventory.fields import ConfigurationError
from ..inventory.hosts import record_of
from ..inventory.model import Domain, Server, WebServer
from ..inventory.names import LONGEST_PACC
from ..inventory.single import parse_domain
from .inventory import Inventory
from .settings import Source

_NAME = "example.com"
NOT_EXPECTED = (
    "discovery: certificate is not expected of this source; name the column discovery in its "
    "query, or write domain: {discovery: certificate}"
)
"""Nothing is installed then that puts names into nginx and on certificates."""


@dataclass(frozen=True, slots=True)
class Definition:
    """`raw` are the keys of a domain without its name.

    `pattern` is the user name of all of its servers; empty where it is asked for or these differ.
    `problem`: why the validator refuses it.
    """

    raw: Mapping[str, Any]
    pattern: str = ""
    pacc: bool = False
    problem: str = ""

    def for_alias(self, target: str) -> Mapping[str, Any]:
        """The keys of an alias domain, whose mailboxes log in with the target's address."""
        name = self.pattern.replace("{email}", "{localpart}@{domain}").replace("{domain}", target)
        return self.raw if name == self.pattern else {**self.raw, "username": name}

    def refuses(self, name: str) -> str:
        """Why a name can't have this definition; empty if it can."""
        if self.pacc and len(name) > LONGEST_PACC:
            record = record_of("_ua-auto-config", "")
            return f"longer than {LONGEST_PACC} octets: no room for {record} before it"
        return self.problem


def check(sources: Iterable[Source], inventory: Inventory) -> None:
    """Check what sources say of all of their domains. Raises ConfigurationError."""
    known = Definitions(inventory)
    problems = [
        f"source {source.name}, domain: {problem}"
        for source in sources
        if (problem := known.of(source.domain, {}).problem) and not _says_each(source, problem)
    ]
    if problems:
        raise ConfigurationError(problems)


def _says_each(source: Source, problem: str) -> bool:
    """Whether only a provider lacks, which the rows may name."""
    return problem.startswith("neither provider") and not source.domain.keys() & {"provider"}


class Definitions:
    """Each definition once."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._known: dict[str, Definition] = {}

    def of(
        self, defaults: Mapping[str, Any], extras: Mapping[str, str], *, certified: bool = True
    ) -> Definition:
        """The definition of a domain; `certified` is `Source.certified`."""
        raw = {**defaults, **extras}
        if raw.get("discovery") == "certificate" and not certified:
            return Definition(raw, problem=NOT_EXPECTED)
        key = json.dumps(raw, sort_keys=True)
        if key not in self._known:
            self._known[key] = self._checked(raw)
        return self._known[key]

    def _checked(self, raw: Mapping[str, Any]) -> Definition:
        host = self._inventory.generic_host
        try:
            domain = parse_domain({**raw, "name": _NAME}, self._inventory.providers, host)
        except ConfigurationError as error:
            return Definition(raw, problem="; ".join(map(_without_name, error.problems)))
        if domain.discovery == "srv" and not host:
            return Definition(
                raw, problem="discovery: srv needs autoconfig_generic_host, which is not set"
            )
        return Definition(raw, _pattern(domain), domain.pacc)


def _pattern(domain: Domain) -> str:
    servers: tuple[Server | WebServer, ...] = (
        *domain.settings.servers,
        *domain.settings.web_servers,
    )
    patterns = {"" if each.ask else each.username for each in servers}
    return patterns.pop() if len(patterns) == 1 else ""


def _without_name(problem: str) -> str:
    return problem.removeprefix(f"domain {_NAME}").lstrip(",: ")
