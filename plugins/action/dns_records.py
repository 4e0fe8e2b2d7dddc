# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Show, write, push and check the DNS records of mail domains, from the controller."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils import united
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.files import replace, shown
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.inventory import (
    plain,
    raw_configuration,
)
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.variables import refuse_unknown

NAMES, READ = load("inventory.names"), load("inventory.read")
CHANGES, FILES, RECORDS = load("zones.changes"), load("zones.files"), load("zones.records")
Zones = Mapping[str, Sequence[Any]]
"""The record sets of each zone."""

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "domains": {"type": "raw", "default": []},
    "sourced": {"type": "raw", "default": []},
    "complete": {"type": "bool", "default": True},
    "providers": {"type": "raw", "default": {}},
    "generic_host": {"type": "str", "default": ""},
    "addresses": {"type": "list", "elements": "str", "default": []},
    "caa": {"type": "list", "elements": "str", "default": []},
    "ttl": {"type": "int", "default": 3600},
    "files_path": {"type": "str", "default": ""},
    "servers": {"type": "list", "elements": "dict", "default": []},
    "owner": {"type": "str", "default": "mail-autoconfig"},
    "replace": {"type": "list", "elements": "str", "default": []},
    "keep": {"type": "list", "elements": "str", "default": []},
    "wait": {"type": "int", "default": 60},
    "resolvers": {"type": "list", "elements": "str", "default": []},
}


def secrets(servers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """All that must never be shown: keys, passwords, and whatever text a provider is given."""
    for server in servers:
        yield str(server.get("key_secret", ""))
        yield str(server.get("kerberos_password", ""))
        yield from texts(server.get("settings", {}))


def texts(value: Any) -> Iterator[str]:
    """The texts inside a value that are long enough to be a secret."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str) and len(value) >= 8:
        yield value


def names_of(listed: Sequence[Any], option: str) -> frozenset[str]:
    """Names of records in A-label form; `*` stays.

    Raises ConfigurationError, which names the option.
    """
    found = set()
    for written in map(str, listed):
        # Services begin with an underscore (RFC 8552), which no host name does.
        services, host = re.match(r"((?:_[^.]*\.)*)(.*)", written.lower(), re.DOTALL).groups()  # type: ignore[union-attr]
        try:
            found.add("*" if written == "*" else services + NAMES.normalise(host))
        except ValueError:
            problem = f'{option}: "{written}" is not a name such as autoconfig.example.com'
            raise READ.ConfigurationError([problem]) from None
    return frozenset(found)


def write(directory: Path, wanted: Mapping[str, str], dry: bool) -> list[dict[str, str]]:
    """Write the files that differ, remove those of zones that have gone; return the differences."""
    present = {
        path.name: path.read_text("utf-8")
        for path in (directory.iterdir() if directory.is_dir() else ())
        if path.suffix in (".md", ".csv", ".zone")
    }
    stale = {name for name, content in present.items() if FILES.is_stale(name, content, wanted)}
    differing = {name for name in wanted if present.get(name) != wanted[name]}
    if not dry:
        for name in differing:
            replace(directory / name, wanted[name].encode())
        for name in stale:
            (directory / name).unlink()
    return [
        shown(str(directory / name), present.get(name, ""), wanted.get(name, ""))
        for name in sorted({*differing, *stale})
    ]


def with_sourced(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the raw configuration with the domains of sources, where no inventory has them."""
    raw: dict[str, Any] = raw_configuration(arguments)
    sourced = [
        {"name": each["domain"], **each["definition"]} for each in plain(arguments["sourced"])
    ]
    if not sourced and arguments["complete"]:
        return raw
    domains = raw["domains"] if isinstance(raw["domains"], list) else []
    own = {united.spelling(each) for each in domains}
    return raw | {
        "domains": [*domains, *(each for each in sourced if each["name"] not in own)],
        "sources": True,
    }


def by_hand_and_pushed(zones: Zones, served: Collection[str]) -> tuple[Zones, Zones]:
    """Return the records to paste, and those to push: none that shares its name with others'."""
    by_hand = {
        zone: [record for record in found if zone not in served or record.by_hand]
        for zone, found in zones.items()
    }
    return (
        {zone: found for zone, found in by_hand.items() if found},
        {zone: [each for each in found if not each.by_hand] for zone, found in zones.items()},
    )


class ActionModule(ActionBase):
    """Compute the records, write the files, push, then ask the name servers."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what changed; see the module's RETURN."""
        super().run(tmp, task_vars)
        refuse_unknown(task_vars or {})
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        hidden = set(secrets(plain(arguments["servers"]))) - {""}
        try:
            result = self.records(arguments)
        except READ.ConfigurationError as error:
            raise AnsibleActionFail(remove_values(str(error), hidden)) from None
        return dict(remove_values(result, hidden))

    def records(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do the work. Raises ConfigurationError."""
        dry = bool(self._task.check_mode)
        pusher = Pusher(arguments, dry) if arguments["servers"] else None
        diff: list[dict[str, str]] = []
        result: dict[str, Any] = {"changed": False, "diff": diff, "table": []}
        if arguments["state"] == "absent":
            return pusher.push({}, result) if pusher else result
        configuration = READ.parse(with_sourced(arguments))
        ttl = int(arguments["ttl"])
        try:
            addresses = [ip_address(str(address)) for address in arguments["addresses"]]
            found = RECORDS.records(configuration, addresses, list(map(str, arguments["caa"])))
        except ValueError as error:  # AddressError is one
            raise READ.ConfigurationError([f"autoconfig_dns_addresses: {error}"]) from None
        kept = names_of(arguments["keep"], "autoconfig_dns_keep")
        served = pusher.servers if pusher else {}
        zones = RECORDS.by_zone((record for record in found if record.name not in kept), served)
        by_hand, pushed = by_hand_and_pushed(zones, served)
        if arguments["files_path"]:
            directory = Path(str(arguments["files_path"])).expanduser().absolute()
            diff += write(directory, FILES.files(zones, ttl), dry)
        result["changed"] = bool(diff)
        result["table"] = FILES.table(by_hand, ttl).splitlines() if by_hand else []
        return pusher.push(pushed, result) if pusher else result


class Pusher:
    """Pushes to the servers of the task's arguments, and checks the result."""

    def __init__(self, arguments: Mapping[str, Any], dry: bool) -> None:
        """Raise ConfigurationError if the servers are not right, or a library is missing."""
        try:
            push, propagation = load("zones.push"), load("zones.propagation")
            servers = load("zones.servers")
        except ImportError as error:
            problem = (
                f"autoconfig_dns_servers: {error}; install dnspython for ansible's {sys.executable}"
            )
            raise READ.ConfigurationError([problem]) from None
        self._push, self._check, self._seen = push.push, push.check, propagation.seen
        self.arguments = arguments
        self.dry = dry
        self.servers = servers.parse_servers(plain(arguments["servers"]))

    def push(self, zones: Zones, result: dict[str, Any]) -> dict[str, Any]:
        """Push and check; return the result with what came of it."""
        outcomes = self._push(
            self.servers,
            zones,
            owner=str(self.arguments["owner"]),
            ttl=int(self.arguments["ttl"]),
            replace=names_of(self.arguments["replace"], "autoconfig_dns_replace"),
            complete=bool(self.arguments["complete"]),
            dry=self.dry,
        )
        problems = [outcome.problem for outcome in outcomes if outcome.problem]
        problems += [line for outcome in outcomes for line in outcome.plan.conflicts]
        done = [outcome for outcome in outcomes if not outcome.problem]
        for outcome in done:
            if outcome.plan.changes:
                sides = CHANGES.difference(outcome.plan.changes)
                result["diff"].append(shown(f"zone {outcome.zone}", *sides))
        result["zones"] = {outcome.zone: len(outcome.plan.changes) for outcome in done}
        result["changed"] = result["changed"] or any(result["zones"].values())
        result["left"] = [line for outcome in outcomes for line in outcome.plan.left]
        result["resolvers"] = []
        if not self.dry and self.arguments["wait"]:
            right = [outcome for outcome in done if not outcome.plan.conflicts]
            problems += self._check(self.servers, right, zones, int(self.arguments["wait"]))
            result["resolvers"] = self._seen(
                [record for found in zones.values() for record in found],
                [str(ip_address(str(address))) for address in self.arguments["addresses"]],
                [str(address) for address in self.arguments["resolvers"]],
            )
        if problems:
            changed = sum(map(bool, result["zones"].values()))
            verb = "would change" if self.dry else "changed"
            total = f"{changed} of {len(outcomes)} zones {verb}; run again for those above"
            result |= {"failed": True, "problems": problems, "msg": "\n".join([*problems, total])}
        return result
