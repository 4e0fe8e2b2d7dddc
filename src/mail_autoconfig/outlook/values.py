"""What makes classic Outlook ask at all: configuration -> registry values.

The one list of them; files, Group Policy and the role on Windows hosts are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..inventory.model import Configuration
from ..inventory.names import autodiscover_host
from ..inventory.read import ConfigurationError

Type = Literal["REG_DWORD", "REG_SZ"]

_OUTLOOK = r"Microsoft\Office\16.0\Outlook"  # 2016, 2019, 2021, 2024 and Microsoft 365

OLDEST = "16.0.6769.2015"
"""The first version of Outlook with the wizard that asks Microsoft alone (KB3189194)."""

# Microsoft KB2212902 and KB2612922, "How to control Outlook AutoDiscover by using Group Policy".
AUTODISCOVER = (
    "ExcludeExplicitO365Endpoint",
    "ExcludeHttpRedirect",
    "ExcludeHttpsAutoDiscoverDomain",
    "ExcludeHttpsRootDomain",
    "ExcludeLastKnownGoodURL",
    "ExcludeScpLookup",
    "ExcludeSrvRecord",
    "PreferLocalXML",
)
"""Names of the values that change which ways Outlook takes; each is 0 or 1."""


@dataclass(frozen=True, slots=True)
class Value:
    """A registry value of a user.

    `key` is below `Software` of the user's hive; below `Software\\Policies` the same value is a
    policy, which the user can't change. Outlook reads a value with `own` only below `Software`.
    `data` is a number of 32 bits or a text.
    """

    key: str
    name: str
    data: int | str
    own: bool = False

    @property
    def type(self) -> Type:
        """The type, as reg.exe calls it."""
        return "REG_DWORD" if isinstance(self.data, int) else "REG_SZ"

    def path(self, *, policy: bool = False) -> str:
        """The key below the root of the user's hive, HKEY_CURRENT_USER."""
        above = r"Software\Policies" if policy and not self.own else "Software"
        return rf"{above}\{self.key}"


def classic(*, keep: bool, back: bool) -> tuple[Value, ...]:
    """The values that keep users on classic Outlook, and the one that brings them back to it.

    Sources: Microsoft, "Control the installation and use of new Outlook" and "Enable or disable
    access to the new Outlook for Windows"; docs/outlook.md says where the two differ.
    """
    kept = (
        Value(rf"{_OUTLOOK}\Options\General", "HideNewOutlookToggle", 1),
        Value(rf"{_OUTLOOK}\Options\General", "DoNewOutlookAutoMigration", 0),
        Value(rf"{_OUTLOOK}\Preferences", "NewOutlookMigrationUserSetting", 0),
    )
    brought = Value(rf"{_OUTLOOK}\Preferences", "UseNewOutlook", 0, own=True)
    return (*(kept if keep else ()), *((brought,) if back else ()))


def values(
    configuration: Configuration,
    autodiscover: Mapping[str, int] | None = None,
    *,
    keep_classic: bool = False,
    return_to_classic: bool = False,
) -> tuple[Value, ...]:
    """The values that a user's Outlook needs for the domains; `autodiscover` as parsed.

    Sources: Microsoft KB3189194 for the wizard, KB2480582 for `RedirectServers`, whose values are
    named after hosts and empty.
    """
    return (
        Value(rf"{_OUTLOOK}\setup", "DisableOffice365SimplifiedAccountCreation", 1),
        *(
            Value(rf"{_OUTLOOK}\AutoDiscover", name, data)
            for name, data in (autodiscover or {}).items()
        ),
        *(
            Value(rf"{_OUTLOOK}\AutoDiscover\RedirectServers", host, "")
            for host in redirect_hosts(configuration)
        ),
        *classic(keep=keep_classic, back=return_to_classic),
    )


def redirect_hosts(configuration: Configuration) -> tuple[str, ...]:
    """The hosts to which SRV records and redirects point, about which Outlook asks its user.

    There is none for a domain that has names of its own on the certificate. Which domains come from
    elsewhere is not known here.
    """
    domains = [*configuration.domains.values()]
    if configuration.default:
        domains.append(configuration.default)
    hosts = (
        autodiscover_host(configuration, domain) for domain in domains if domain.discovery == "srv"
    )
    generic = [configuration.generic_host] if configuration.elsewhere else []
    return tuple(dict.fromkeys(filter(None, (*hosts, *generic))))


def parse_autodiscover(raw: Any) -> dict[str, int]:
    """Check a mapping of names of `AUTODISCOVER` to 0 or 1, or false or true.

    Raises ConfigurationError with a line for each problem.
    """
    if not isinstance(raw, Mapping):
        raise ConfigurationError(
            ["autoconfig_outlook_autodiscover: not a mapping of names to 0 or 1"]
        )
    spelling = {name.lower(): name for name in AUTODISCOVER}  # the registry knows no case
    problems, found = [], {}
    for written, data in raw.items():
        name = spelling.get(str(written).lower())
        if name is None:
            known = ", ".join(AUTODISCOVER)
            problems.append(
                f'autoconfig_outlook_autodiscover: no value "{written}"; known: {known}'
            )
        elif data not in (0, 1):
            problems.append(f"autoconfig_outlook_autodiscover, {name}: {data!r} is not 0 or 1")
        else:
            found[name] = int(data)
    if problems:
        raise ConfigurationError(problems)
    return found
