# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Assign the domains' names to certificates; a domain stays where an earlier run put it."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils import forms
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.files import copy_text, read
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load

GROUPS = load("certificates.groups")
SIZE = "autoconfig_certificates_max_names"
READER = "mailhost.autoconfig.certified_names"


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
                "live": {"type": "path", "required": True},
            }
        )
        size = arguments["size"]
        if problem := forms.wrong(SIZE, size):
            raise AnsibleActionFail(f"{SIZE}: {problem}")
        units = {str(unit): list(map(str, names)) for unit, names in arguments["domains"].items()}
        before, warnings = self.kept(str(arguments["path"])), []
        if before is None:
            read = self.read(str(arguments["live"]), task_vars)
            before, warnings = GROUPS.rebuild(units, read["certificates"]), read.get("warnings", [])
        assignment = GROUPS.assign(units, before, size)
        content, path = GROUPS.dump(assignment), str(arguments["path"])
        written: dict[str, Any] = copy_text(self, content, path, task_vars)
        first = next(iter(units), None)
        return written | {
            "warnings": [*written.get("warnings", []), *warnings],
            "assignment": {name: dict(members) for name, members in assignment.items()},
            "certificates": [
                {"name": certificate, "names": list(names)}
                for certificate, names in GROUPS.names(assignment).items()
            ],
            "moved_from": GROUPS.moved_from(assignment, before),
            # The generic host, if there is one, is the first of the domains.
            "primary": next((name for name in assignment if first in assignment[name]), ""),
        }

    def kept(self, path: str) -> dict[str, list[str]] | None:
        """Certificate -> domains, of an earlier run; None if there is no such file or no sense."""
        kept = read(self, path)
        try:
            return {name: list(members) for name, members in GROUPS.load(kept or "").items()}
        except ValueError:
            return None

    def read(self, live: str, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """What the module reads on the host: the names on the certificates that there are."""
        found: dict[str, Any] = self._execute_module(
            module_name=READER,
            module_args={"directory": live, "pattern": GROUPS.PATTERN},
            task_vars=task_vars,
        )
        if found.get("failed"):
            raise AnsibleActionFail(f"the certificates in {live} can't be read: {found.get('msg')}")
        return found
