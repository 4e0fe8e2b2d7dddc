# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sources of domains: what is wrong with them, and what a host needs to read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.values import short

HOSTS, KEYS = load("inventory.hosts"), load("sources.keys")
READ, SETTINGS = load("inventory.read"), load("sources.settings")
ANY_NAMES = [HOSTS.host_of(kind, "*") for kind in ("autodiscover", "autoconfig")]
"""What nginx serves over plain http for whatever domain a source gives."""
LIBRARIES = {"ldap": ["python3-ldap3"], "http": ["python3-httpx"]}
DRIVERS = {
    "postgresql": ["python3-psycopg", "python3-sqlalchemy"],
    "mysql": ["python3-pymysql", "python3-sqlalchemy"],
    "sqlite": ["python3-sqlalchemy"],
}
"""Debian's packages by the type of a source, and by the scheme of a database's URL."""


def check(values: Mapping[str, Any], providers: Mapping[str, Any]) -> list[str]:
    """Return a line for each problem of the sources.

    :arg values: variables by their names
    :arg providers: those of the inventory, raw
    """
    try:
        sources = SETTINGS.parse(values["autoconfig_sources"])
    except READ.ConfigurationError as error:
        return list(error.problems)
    problems = [*_secrets(values.get("autoconfig_sources_secrets") or {}, sources)]
    for source in sources:
        problems += _domain(source, providers)
    return problems


def _secrets(secrets: Mapping[str, Any], sources: Iterable[Any]) -> Iterator[str]:
    """Say which secrets are of no use. No line has a secret."""
    names = [source.name for source in sources]
    known = ", ".join(KEYS.SECRETS)
    for name, each in secrets.items():
        if name not in names:
            yield f"autoconfig_sources_secrets: no source {short(name)}; there is {', '.join(names)}"
        elif not isinstance(each, Mapping) or not each.keys() <= {*KEYS.SECRETS}:
            yield f"autoconfig_sources_secrets: {name} is no mapping of {known} to texts"
        elif not all(isinstance(value, str) and value for value in each.values()):
            yield f"autoconfig_sources_secrets: {name} has a value that is no text; quote it"


def _domain(source: Any, providers: Mapping[str, Any]) -> Iterator[str]:
    """Check what a source says of all its domains."""
    domain = dict(source.domain)
    if domain.get("discovery") == "certificate":
        yield (
            f"source {source.name}: discovery: certificate is for the domains of the inventory; "
            "write discovery: srv"
        )
    if not domain.keys() & {"provider", "servers"}:
        return  # each row says it
    tried = {"domains": [domain | {"name": "example.com", "discovery": "srv"}]}
    try:
        READ.parse(tried | {"providers": providers, "generic_host": "auto.example.com"})
    except READ.ConfigurationError as error:
        for line in error.problems:
            # Of a provider it is said already.
            if line.startswith("domain example.com"):
                yield f"source {source.name}, domain{line.removeprefix('domain example.com')}"


def needs(raw: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the role sources needs to know: Debian's packages, and how often they are read.

    :arg raw: sources that were checked
    """
    found = SETTINGS.parse(raw)
    packages: set[str] = set()
    for source in found:
        scheme = source.url.partition(":")[0].partition("+")[0]
        packages.update(DRIVERS.get(scheme) if source.type == "sql" else LIBRARIES.get(source.type, ()))
    return {
        "packages": sorted(packages),
        "every": min((source.every for source in found), default=0),
    }
