# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Check before a host changes what the inventory asks for, and derive what the roles share."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils import checks
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.inventory import (
    plain,
    raw_configuration,
)
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.variables import (
    documented,
    unknown,
)

NAMES, READ = load("inventory.names"), load("inventory.read")
ARGUMENTS = {
    "roles": {"type": "list", "elements": "str", "required": True},
    "domains": {"type": "raw", "default": []},
    "providers": {"type": "raw", "default": {}},
    "generic_host": {"type": "str", "default": ""},
    "page_logo": {"type": "path", "default": ""},
    "page_texts": {"type": "raw", "default": {}},
    "page_contact": {"type": "raw", "default": {}},
    "front_ends": {"type": "list", "elements": "str", "default": []},
    "balancers": {"type": "list", "elements": "str", "default": []},
    "certificates_host": {"type": "str", "default": ""},
    "certificates_max_names": {"type": "int", "default": 50},
    "certificates": {"type": "dict", "default": {}},
    "web_servers": {"type": "list", "elements": "dict", "default": []},
    "listeners": {"type": "str", "default": ""},
    "isolation": {"type": "int", "default": 0},
}
SERVING = frozenset({"responder", "nginx", "certificates"})
"""The roles that need the domains."""


def data_url(path: Path) -> str:
    """Turn an image into a data: URL; the validator refuses kinds that it doesn't know."""
    kinds = {".jpg": "jpeg", ".svg": "svg+xml"}
    kind = kinds.get(path.suffix.lower(), path.suffix.lower().removeprefix("."))
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def with_logos(raw: Mapping[str, Any], image: Callable[[str], str]) -> dict[str, Any]:
    """Return a raw configuration with the images in place of their files' names."""

    def one(entry: Any) -> Any:
        logo = entry.get("logo") if isinstance(entry, Mapping) else None
        if not isinstance(logo, str) or not logo or logo.startswith("data:"):
            return entry
        return {**entry, "logo": image(logo)}

    domains, providers = raw["domains"], raw["providers"]
    return {
        **raw,
        "domains": [*map(one, domains)] if isinstance(domains, list) else domains,
        "providers": {name: one(each) for name, each in providers.items()}
        if isinstance(providers, Mapping)
        else providers,
    }


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


class ActionModule(ActionBase):
    """Say all that is wrong at once, else return what the roles share."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what the roles share; see the module's RETURN."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        problems = [
            *unknown(variables, documented()),
            *checks.environment(ansible_version, variables.get("ansible_facts", {})),
        ]
        result: dict[str, Any] = {"changed": False, "roles": list(map(str, arguments["roles"]))}
        orders = arguments["certificates_host"]
        result["addresses"] = addresses(
            [*arguments["front_ends"], *arguments["balancers"], orders],
            variables.get("hostvars", {}),
        )
        if SERVING.intersection(result["roles"]):
            problems += checks.max_names(arguments["certificates_max_names"])
            try:
                result |= self.configuration(arguments)
            except READ.ConfigurationError as error:
                problems += error.problems
        problems += checks.certificates_host(orders, variables.get("groups", {}).get("all", []))
        if "haproxy" in result["roles"]:
            problems += checks.front_ends(arguments["front_ends"])
        if arguments["certificates"]:
            problems += checks.certificates(plain(arguments["certificates"]))
            if result.get("names") == []:
                problems.append("No domain has a name of its own; set autoconfig_generic_host")
        problems += checks.isolation(arguments["isolation"])
        problems += checks.web_servers(plain(arguments["web_servers"]), arguments["listeners"])
        if problems:
            raise AnsibleActionFail("\n".join(problems))
        return result

    def image(self, name: str) -> str:
        """Return the data: URL of a file, which is searched for as Ansible does."""
        return data_url(Path(self._find_needle("files", name)))

    def configuration(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the program on the host reads, and the names. Raises ConfigurationError."""
        domains = raw_configuration(arguments)
        page = {
            key: plain(arguments[f"page_{key}"])
            for key in ("texts", "contact")
            if arguments[f"page_{key}"]
        }
        if arguments["page_logo"]:
            page["logo"] = self.image(arguments["page_logo"])
        raw = with_logos(domains, self.image) | ({"page": page} if page else {})
        # The page is no part of the fingerprint: nginx has no copy of it.
        configuration = READ.parse(raw)
        result = {"configuration": raw} | derived(domains, configuration)
        # Ansible shows them.
        return result | ({"warnings": [*configuration.warnings]} if configuration.warnings else {})
