# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Check on the controller, before a host changes, what the inventory asks for."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.inventory import (
    plain,
    raw_configuration,
)
from ansible_collections.mailhost.autoconfig.src.mail_autoconfig import __version__
from ansible_collections.mailhost.autoconfig.src.mail_autoconfig.inventory.names import (
    plain_names,
    served_by_domain,
    served_names,
)
from ansible_collections.mailhost.autoconfig.src.mail_autoconfig.inventory.read import (
    ConfigurationError,
    parse,
)

OLDEST_ANSIBLE = (2, 19)
SUPPORTED = {"Debian": ("12", "13")}


def environment_problems(version: str, facts: dict[str, Any]) -> list[str]:
    """Say what is wrong with the controller or the host.

    :arg version: of ansible-core, such as ``2.19.4`` or ``2.20.0rc1``
    :arg facts: the host's distribution facts, without the prefix ``ansible_``
    :returns: one line a problem
    """
    problems = []
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_ANSIBLE:
        oldest = ".".join(map(str, OLDEST_ANSIBLE))
        problems.append(f"ansible-core {version} is too old; use {oldest} or later")
    distribution = str(facts.get("distribution", "unknown"))
    release = str(facts.get("distribution_major_version", "unknown"))
    if release not in SUPPORTED.get(distribution, ()):
        known = " or ".join(f"{name} {' or '.join(r)}" for name, r in SUPPORTED.items())
        problems.append(f"{distribution} {release} is not supported; use {known}")
    return problems


def data_url(path: Path) -> str:
    """Turn an image into a data: URL; the validator refuses kinds that it doesn't know."""
    kinds = {".jpg": "jpeg", ".svg": "svg+xml"}
    kind = kinds.get(path.suffix.lower(), path.suffix.lower().removeprefix("."))
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


class ActionModule(ActionBase):
    """Validate the inventory and derive from it what the roles share."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what the roles share; see the module's RETURN."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            argument_spec={
                "domains": {"type": "raw", "required": True},
                "providers": {"type": "raw", "required": True},
                "generic_host": {"type": "str", "default": ""},
                "page_logo": {"type": "path", "default": ""},
                "page_texts": {"type": "raw", "default": {}},
            }
        )
        raw = raw_configuration(arguments)
        look = {"texts": plain(arguments["page_texts"])} if arguments["page_texts"] else {}
        if arguments["page_logo"]:
            look["logo"] = data_url(Path(self._find_needle("files", arguments["page_logo"])))
        if look:
            raw["page"] = look
        problems = environment_problems(ansible_version, (task_vars or {}).get("ansible_facts", {}))
        try:
            configuration = parse(raw)
        except ConfigurationError as error:
            problems += error.problems
        if problems:
            raise AnsibleActionFail("\n".join(problems))
        source = json.dumps([__version__, raw], sort_keys=True).encode()
        return {
            "changed": False,
            "configuration": raw,
            "names": list(served_names(configuration)),
            "by_domain": {
                domain: list(names) for domain, names in served_by_domain(configuration).items()
            },
            "plain_names": list(plain_names(configuration)),
            "generic_host": configuration.generic_host or "",
            "fingerprint": hashlib.sha256(source).hexdigest()[:16],
        }
