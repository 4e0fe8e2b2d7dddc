# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Check before a host changes what the inventory asks for, and derive what the roles share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils import (
    checks,
    needs,
    platforms,
    sources,
    united,
    variables,
    web_servers,
)
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.inventory import (
    plain,
    raw_configuration,
)
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load

LOGOS, NAMES, READ = map(load, ("inventory.logos", "inventory.names", "inventory.read"))
MARKERS = {
    "responder": "__responder_signing_group",
    "sources": "__sources_timer",
    "nginx": "__nginx_file",
    "certificates": "__certificates_checked",
    "share": "__share_ssh_port",
    "monitor": "__monitor_enabled",
    "haproxy": "__haproxy_file",
    "dns": "__dns_ttl",
    "outlook": "__outlook_policy",
    "verify": "__verify_any_ca",
}
"""A variable of each role that nobody sets: it is there where the play knows of the role."""
SERVING = frozenset({"responder", "sources", "nginx", "certificates"})
"""The roles that need the domains of the host."""
ON_HOSTS = frozenset({*SERVING, "share", "monitor", "haproxy"})
"""The roles that change a Debian."""
LOOK = "mailhost.autoconfig.preflight_host"
"""The module that looks at the host."""


def addresses(names: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return where each host is reached; what is no host of the inventory is an address itself."""
    found = {}
    for name in filter(None, names):
        # Ansible's mapping has no default for a host that it does not know.
        known = hostvars[name] if name in hostvars else {}  # noqa: SIM401
        address = known.get("autoconfig_address") or known.get("ansible_host") or name
        found[str(name)] = str(address)
    return found


def derived(raw: Mapping[str, Any], configuration: Any) -> dict[str, Any]:
    """Return what the roles derive from a configuration: names, and a fingerprint."""
    source = json.dumps([load().__version__, raw], sort_keys=True).encode()
    by_domain = NAMES.served_by_domain(configuration)
    return {
        "names": list(NAMES.served_names(configuration)),
        "by_domain": {domain: list(names) for domain, names in by_domain.items()},
        "plain_names": list(NAMES.plain_names(configuration)),
        "generic_host": configuration.generic_host or "",
        "fingerprint": hashlib.sha256(source).hexdigest()[:16],
    }


def why_not_begun(seen: Mapping[str, Any]) -> str:
    """Return what the host says of a module that did not begin, as without sudo or Python.

    Nothing of one that did: what it prints has nginx's configuration in it.

    :arg seen: what came of the module
    """
    printed = str(seen.get("module_stdout") or "")  # by ssh with a terminal, all that is said
    lines = f"{printed}\n{seen.get('module_stderr') or ''}".splitlines()
    said = [each.strip() for each in lines if not each.startswith("Shared connection to ")]
    return "" if "{" in printed else next(filter(None, reversed(said)), "")


class ActionModule(ActionBase):
    """Say all that is wrong at once, else return what the roles share."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what the roles share; see the module's RETURN."""
        super().run(tmp, task_vars)
        self.variables = task_vars or {}
        self.validate_argument_spec(argument_spec={})
        self.problems = [*checks.controller(ansible_version)]
        too_old = bool(self.problems)
        self.warnings: list[str] = []
        self.asks_for_profile = False
        roles = [role for role, marker in MARKERS.items() if marker in self.variables]
        known = variables.documented()
        values = variables.read(known.intersection(self.variables), self.value_of, self.problems)
        readable = values.keys() == known.intersection(self.variables)
        groups = self.variables.get("groups", {})
        self.problems += variables.unknown(self.variables, known)
        self.problems += variables.unknown_groups(groups)
        self.problems += needs.files(values, self.path_of)
        self.problems += needs.collections(roles, values, groups, self.variables)
        self.problems += needs.libraries(roles, values)
        result: dict[str, Any] = {"changed": False, "roles": roles}
        result |= self.of_roles(roles, values, readable)
        # Where a value can't be read, the host is asked nothing, since what to ask depends on it.
        if readable and not too_old and ON_HOSTS.intersection(roles):
            result |= self.of_host(result)
        if self.problems:
            raise AnsibleActionFail("\n".join(dict.fromkeys(self.problems)))
        # Ansible shows them.
        return result | ({"warnings": self.warnings} if self.warnings else {})

    def of_host(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Check the host; return what the roles need to know of it.

        :arg known: what the roles share
        """
        paths = plain(self.value_of("__preflight_paths"))
        servers = plain(self.value_of("__preflight_web_servers"))
        seen = self.look(
            paths=[*(each["path"] for each in paths), *self.value_of("__preflight_looked_for")],
            web_servers=[{key: each[key] for key in ("unit", "test")} for each in servers],
            isolated=self.value_of("__preflight_isolated"),
        )
        facts = {
            "distribution": seen["distribution"],
            "distribution_major_version": seen["version"].partition(".")[0],
        }
        platform = platforms.of(seen["distribution"], seen["version"], seen["like"])
        self.problems += platforms.refusal(platform)
        self.warnings += platforms.warning(platform)
        if self.asks_for_profile:
            self.problems += platforms.profile(platform)
        self.problems += needs.on_host(paths, seen["there"])
        self.problems += checks.isolation(seen["isolation"])
        found, problems = web_servers.check(
            servers,
            seen["web_servers"],
            seen["listeners"],
            [*known.get("names", []), *known.get("plain_names", [])],
            sources.MOST_NAMES if known.get("sources", {}).get("certified") else 0,
        )
        self.problems += problems
        return {
            **found,
            "ansible_facts": facts,
            "there": seen["there"],
            "bare": needs.is_bare(paths, seen["there"]),
        }

    def look(self, **arguments: Any) -> dict[str, Any]:
        """Return what the module sees. What nginx prints, with its passwords, goes no further."""
        seen: dict[str, Any] = self._execute_module(
            module_name=LOOK, module_args=arguments, task_vars=self.variables
        )
        if seen.get("failed"):
            why = why_not_begun(seen) or seen.get("msg")
            shown = {key: seen[key] for key in seen if key != "module_stdout"}
            raise AnsibleActionFail(f"the host can't be looked at: {why}", result=shown)
        return seen

    def of_roles(self, roles: list[str], values: dict[str, Any], readable: bool) -> dict[str, Any]:
        """Check what single roles need; return what they share."""
        result: dict[str, Any] = {}
        hostvars = self.variables.get("hostvars", {})
        hosts = self.variables.get("groups", {}).get("all", [])
        orders = str(values.get("autoconfig_certificates_host", ""))
        front_ends = values.get("autoconfig_front_ends", [])
        balancers = values.get("autoconfig_nginx_balancers", [])
        result["addresses"] = addresses([*front_ends, *balancers, orders], hostvars)
        self.problems += checks.certificates_host(orders, hosts)
        try:
            if SERVING.intersection(roles) and united.readable(values):
                result |= self.configuration(values)
            if self.is_for_all(roles, values):
                alike = united.ALIKE if "dns" in roles else ()
                result["united"] = united.configuration(hostvars, self.servers(), alike)
        except READ.ConfigurationError as error:
            self.problems += error.problems
        if result.get("sources", {}).get("certified"):
            self.of_names(roles, values)
        if "haproxy" in roles:
            self.problems += checks.front_ends(front_ends)
        if (
            "certificates" in roles
            and readable
            and self.value_of("__autoconfig_orders_certificates")
        ):
            self.of_certificates(result.get("names"))
        return result

    def is_for_all(self, roles: list[str], values: Mapping[str, Any]) -> bool:
        """Whether the play does once what is for the domains of all servers."""
        doctor = "verify" in roles and values.get("autoconfig_verify_doctor")
        return bool("dns" in roles or doctor or self.variables.get("__preflight_unites"))

    def of_certificates(self, names: list[str] | None) -> None:
        """Check what the role certificates is to do."""
        try:
            wanted = plain(self.value_of("__certificates_checked"))
        except AnsibleError as error:
            # A file that is not there is said already.
            if not self.problems:
                self.problems.append(" ".join(str(error).split()))
            return
        self.problems += checks.certificates(wanted)
        ordered = wanted["mode"] in ("letsencrypt", "acme")
        self.asks_for_profile = ordered and bool(wanted["profile"])
        if names == []:
            self.problems.append("No domain has a name of its own; set autoconfig_generic_host")

    def of_names(self, roles: list[str], values: Mapping[str, Any]) -> None:
        """Check what names of the sources' domains need, unless a proxy has the certificates."""
        if not values.get("autoconfig_nginx_behind_proxy"):
            mode = values.get("autoconfig_certificates_mode") if "certificates" in roles else ""
            self.problems += checks.names_of_sources(str(mode or ""))

    def servers(self) -> list[str]:
        """Return the servers of the inventory; where there is no such group, this host."""
        host = str(self.variables.get("inventory_hostname", ""))
        named: list[str] = list(self.variables.get("groups", {}).get("autoconfig_servers", []))
        return named if host in named else [host]

    def value_of(self, name: str) -> Any:
        """Return a variable's value without templates. Raises AnsibleError."""
        return plain(self._templar.template(self.variables[name]))

    def path_of(self, name: str) -> Path:
        """Return a file on the controller. Raises AnsibleError if it is not there."""
        return Path(self._find_needle("files", name))

    def image(self, name: str) -> str:
        """Return the data: URL of a file; of none where there is no such file, which is said."""
        try:
            return str(LOGOS.data_url(self.path_of(name)))
        except AnsibleError:
            self.problems.append(f"logo: no file {name} on the controller; give its path")
        except OSError as error:
            self.problems.append(f"logo: {name} can't be read: {error.strerror}; name another file")
        return "data:image/png;base64,AA=="

    def configuration(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the program on the host reads, and the names. Raises ConfigurationError."""
        domains = raw_configuration(united.own(values))
        page: dict[str, Any] = {
            key: values[f"autoconfig_page_{key}"]
            for key in ("texts", "contact")
            if values.get(f"autoconfig_page_{key}")
        }
        if values.get("autoconfig_page_logo"):
            with suppress(AnsibleError, OSError):  # said already
                page["logo"] = LOGOS.data_url(self.path_of(str(values["autoconfig_page_logo"])))
        raw = LOGOS.with_logos(domains, self.image) | ({"page": page} if page else {})
        if values.get("autoconfig_sources"):
            raw["sources"] = True
            self.problems += sources.check(values, raw)
        # The page is no part of the fingerprint: nginx has no copy of it.
        configuration = READ.parse(raw)
        self.warnings += configuration.warnings
        result = {"configuration": raw} | derived(domains, configuration)
        if "sources" in raw and not self.problems:
            result["plain_names"] += sources.ANY_NAMES
            result["sources"] = sources.needs(values["autoconfig_sources"])
        return result
