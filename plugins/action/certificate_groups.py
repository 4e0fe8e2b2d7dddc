# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Assign the domains' names to certificates, as an earlier run did as far as can be."""

from __future__ import annotations

import re
import shlex
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.files import copy
from ansible_collections.mailhost.autoconfig.src.mail_autoconfig.certificates import (
    groups,
)


def certified(output: str) -> dict[str, list[str]]:
    """Read what :data:`LOOK` prints: certificate -> the names on it."""
    found: dict[str, list[str]] = {}
    for block in output.split("@ ")[1:]:
        name, _line, rest = block.partition("\n")
        found[name] = re.findall(r"DNS:([^,\s]+)", rest)
    return found


LOOK = (
    "cd {live} 2>/dev/null || exit 0; "
    'for each in {name}*; do test -f "$each/cert.pem" || continue; '
    'echo "@ $each"; openssl x509 -noout -ext subjectAltName -in "$each/cert.pem"; done'
)


class ActionModule(ActionBase):
    """Compute on the controller; let ansible.builtin.copy write, with check mode and diff."""

    TRANSFERS_FILES = True
    _supports_check_mode = True
    _supports_diff = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the assignment; see the module's RETURN."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            argument_spec={
                "domains": {"type": "dict", "required": True},
                "size": {"type": "int", "required": True},
                "path": {"type": "path", "required": True},
                "live": {"type": "path", "default": "/etc/letsencrypt/live"},
            }
        )
        size = arguments["size"]
        if not groups.SMALLEST <= size <= groups.LARGEST:
            raise AnsibleActionFail(
                f"autoconfig_certificates_max_names: {size} is not possible; "
                f"use {groups.SMALLEST} to {groups.LARGEST}"
            )
        units = {str(unit): list(map(str, names)) for unit, names in arguments["domains"].items()}
        before = self.before(str(arguments["path"]), str(arguments["live"]), units)
        assignment = groups.assign(units, before, size)
        content = groups.dump(assignment).encode()
        written: dict[str, Any] = copy(self, content, str(arguments["path"]), "0644", task_vars)
        first = next(iter(units), None)
        return written | {
            "assignment": {name: dict(members) for name, members in assignment.items()},
            "certificates": [
                {"name": certificate, "names": list(names)}
                for certificate, names in groups.names(assignment).items()
            ],
            "formers": groups.formers(assignment, before),
            # The generic host, if there is one, is the first of the domains.
            "primary": next((name for name in assignment if first in assignment[name]), ""),
        }

    def before(self, path: str, live: str, units: groups.Units) -> dict[str, list[str]]:
        """What an earlier run assigned: from its file, else from the certificates there are."""
        kept = self._low_level_execute_command(f"cat -- {shlex.quote(path)}")
        if kept["rc"] == 0:
            try:
                return {
                    name: list(members) for name, members in groups.load(kept["stdout"]).items()
                }
            except ValueError:
                pass  # broken, as good as lost
        look = LOOK.format(live=shlex.quote(live), name=groups.NAME)
        printed = str(self._low_level_execute_command(look)["stdout"])
        return dict(groups.rebuild(units, certified(printed)))
