# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sources of domains: what is wrong with them, and what a host needs to read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load

HOSTS, READ = load("inventory.hosts"), load("inventory.read")
DEFINITIONS, INVENTORY = load("sources.definitions"), load("sources.inventory")
SECRETS, SETTINGS = load("sources.secrets"), load("sources.settings")
DRIVERS = load("sources.readers.sql").DRIVERS
ANY_NAMES = [HOSTS.host_of(kind, "*") for kind in ("autodiscover", "autoconfig")]
"""What nginx serves over plain http for whatever domain a source gives."""
MOST_NAMES = 100_000
"""So many names of their domains nginx gets at most; its hash of names is that large."""
LIBRARIES = {
    "sql": ["python3-sqlalchemy"],
    "ldap": ["python3-ldap3"],
    "http": ["python3-httpx"],
}
"""Debian's packages by the type of a source, beside a database's driver."""


def check(values: Mapping[str, Any], raw: Mapping[str, Any]) -> list[str]:
    """Return a line for each problem of the sources; none has a secret.

    :arg values: variables by their names
    :arg raw: the configuration that the program on the host reads
    """
    secrets = values.get("autoconfig_sources_secrets") or {}
    problems = list(SECRETS.check(secrets))
    try:
        sources = SETTINGS.parse(values["autoconfig_sources"])
        names = [source.name for source in sources]
        problems += (
            f"autoconfig_sources_secrets: no source {name}; there is {', '.join(names)}"
            for name in secrets
            if name not in names
        )
        problems += SECRETS.unused(secrets, sources)
        # A generic host that is missing is said once, of the configuration as a whole.
        DEFINITIONS.check(sources, INVENTORY.of({"generic_host": "missing.invalid", **raw}))
    except READ.ConfigurationError as error:
        problems += error.problems
    return problems


def needs(raw: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the role sources needs to know: Debian's packages, how often they are read
    and how long that may take, and whether their domains may have names on certificates.

    :arg raw: sources that were checked
    """
    found = SETTINGS.parse(raw)
    packages: set[str] = set()
    for source in found:
        packages.update(LIBRARIES.get(source.type, ()))
        drivers = DRIVERS.get(urlsplit(source.url).scheme, {}) if source.type == "sql" else {}
        packages.update([*drivers.values()][:1])
    return {
        "packages": sorted(packages),
        "most_names": MOST_NAMES,
        "certified": any(source.certified for source in found),
        "every": min(source.every for source in found),
        "timeout": max(source.timeout for source in found),
    }
