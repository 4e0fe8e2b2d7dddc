# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The domains of all servers, for what runs once: DNS, and the doctor on the controller."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.inventory import plain
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.values import convert, short

NAMES, READ = load("inventory.names"), load("inventory.read")
KINDS = {"domains": "list", "providers": "dict", "generic_host": "str"}
EMPTY: Mapping[str, Any] = {"domains": [], "providers": {}, "generic_host": ""}
ALIKE = ("addresses", "caa", "keep", "owner", "replace", "resolvers", "servers", "ttl", "wait")
"""The variables `autoconfig_dns_…` that the records of all domains share."""


def own(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the domains, the providers and the generic host of one host's variables."""
    return {key: values.get(f"autoconfig_{key}", empty) for key, empty in EMPTY.items()}


def readable(values: Mapping[str, Any]) -> bool:
    """Whether these have the right types; what was not is not among the values."""
    return all(f"autoconfig_{key}" in values for key in EMPTY)


def configuration(
    hostvars: Mapping[str, Mapping[str, Any]],
    servers: Iterable[str],
    alike: Collection[str] = (),
) -> dict[str, Any]:
    """Return the domains, providers and generic host of all servers; and if they have ``sources``.

    :arg servers: names of hosts
    :arg alike: what has to be the same on all of them, without ``autoconfig_dns_``
    Raises ConfigurationError where two hosts contradict each other.
    """
    problems: list[str] = []
    seen: dict[tuple[str, str], tuple[str, Any]] = {}
    found: dict[str, Any] = {"domains": [], "providers": {}, "generic_host": ""}
    for host in servers:
        known = hostvars[host] if host in hostvars else {}  # noqa: SIM401
        for kind, name, value in _statements(known, alike):
            first, before = seen.setdefault((kind, name), (host, value))
            if first == host:
                _add(found, kind, name, value)
            elif before != value:
                what = f"{kind} {name}".strip()
                problems.append(
                    f"{what}: {first} and {host} contradict each other; give both the same"
                )
        if _has_sources(known):
            found["sources"] = True
    if problems:
        raise READ.ConfigurationError(list(dict.fromkeys(problems)))
    return found


def _has_sources(known: Mapping[str, Any]) -> bool:
    """Whether more domains come from elsewhere."""
    try:
        return bool(convert(plain(known.get("autoconfig_sources", [])), "list"))
    except ValueError as error:
        raise READ.ConfigurationError([f"autoconfig_sources: {error}"]) from None


def _add(found: dict[str, Any], kind: str, name: str, value: Any) -> None:
    if kind == "domain":
        found["domains"].append(value)
    elif kind == "provider":
        found["providers"][name] = value
    elif name == "autoconfig_generic_host":
        found["generic_host"] = value


def _statements(known: Mapping[str, Any], alike: Collection[str]) -> Iterable[tuple[str, str, Any]]:
    """What one host says: kind, name and value. What is no such thing is the validator's to say."""
    for key, empty in EMPTY.items():
        # A host that says nothing has the default, which hostvars do not show.
        value = plain(known[f"autoconfig_{key}"]) if f"autoconfig_{key}" in known else empty
        try:
            value = convert(value, KINDS[key])
        except ValueError as error:
            raise READ.ConfigurationError([f"autoconfig_{key}: {error}"]) from None
        if key == "generic_host" and value:
            yield "", "autoconfig_generic_host", value
        elif key == "domains":
            yield from (("domain", spelling(each), each) for each in value)
        elif key == "providers":
            yield from (("provider", str(name), each) for name, each in value.items())
    for key in alike:
        name = f"autoconfig_dns_{key}"
        yield "", name, plain(known[name]) if name in known else None


def spelling(domain: Any) -> str:
    """The one spelling of a domain's name."""
    written = str(domain.get("name", short(domain)) if isinstance(domain, dict) else domain)
    try:
        return str(NAMES.normalise(written))
    except ValueError:
        return written
