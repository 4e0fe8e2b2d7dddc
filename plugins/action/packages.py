# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Install Debian's packages; ask the package sources for news only where one is missing."""

from __future__ import annotations

import re
import shlex
from typing import Any

from ansible.plugins.action import ActionBase

LISTS = "/var/lib/apt/lists"
FRESH = 60
"""Minutes for which lists that all sources gave are new enough."""


def installed(listed: str) -> dict[str, str]:
    """Return the versions of the packages that are installed.

    :arg listed: what dpkg-query printed, a package, its status and version in each line
    """
    lines = [line.split() for line in listed.splitlines()]
    return {line[0]: line[2] for line in lines if line[1] == "installed"}


def complaint(printed: str) -> str:
    """Return the line in which apt-get says what is wrong; an empty string if none does."""
    for kind in "EW":
        if found := re.search(rf"^{kind}: (.+)$", printed, re.MULTILINE):
            return " ".join(found[1].split())
    return ""


class ActionModule(ActionBase):
    """Look, update the lists, and let ``ansible.builtin.apt`` install."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the result of ``ansible.builtin.apt``."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            argument_spec={"name": {"type": "list", "elements": "str", "required": True}}
        )
        versions = self.versions(arguments["name"])
        names = [name for name in arguments["name"] if name not in versions]
        if not names:
            return {"changed": False, "versions": versions}
        said, fresh = "", bool(self._task.check_mode) or self.fresh()
        if not fresh:
            said = self.update()
        result = self.install(names, task_vars)
        # An image's lists may have been removed, or a mirror may have moved on since.
        if result.get("failed") and fresh and not self._task.check_mode:
            said = self.update()
            result = self.install(names, task_vars)
        if result.get("failed"):
            why = complaint(result.get("stderr") or "") or result.get("msg", "")
            update = f"; apt-get update: {said}" if said else ""
            result["msg"] = f"{', '.join(names)} can't be installed: {why}{update}"
        return result | {"versions": self.versions(arguments["name"])}

    def versions(self, names: list[str]) -> dict[str, str]:
        """Return the versions of those packages that are installed."""
        listed = self.shell(
            "dpkg-query --show --showformat '${Package} ${db:Status-Status} ${Version}\\n' "
            f"{shlex.join(names)} 2>/dev/null"
        )
        return installed(listed["stdout"])

    def install(self, names: list[str], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Let ``ansible.builtin.apt`` install packages; return its result."""
        wanted = {"name": names, "install_recommends": False, "update_cache": False}
        result: dict[str, Any] = self._execute_module(
            module_name="ansible.builtin.apt", module_args=wanted, task_vars=task_vars
        )
        return result

    def fresh(self) -> bool:
        """Say whether all package sources gave their news not long ago."""
        return bool(self.shell(f"find {LISTS} -maxdepth 0 -mmin -{FRESH}")["stdout"].strip())

    def update(self) -> str:
        """Ask the package sources for news; return what is wrong with one, or an empty string.

        A source that is dead does not stop the others, which may have all that is missing.
        """
        # The first stream has the progress, the second the complaints.
        done = self.shell("LC_ALL=C apt-get -q update 2>&1 >/dev/null")
        said = complaint(done["stdout"])
        if not said:
            self.shell(f"touch {LISTS}")  # which apt leaves as it is where nothing is new
        return said

    def shell(self, command: str) -> dict[str, Any]:
        """Run a command on the host, in the environment of the play, which may name a proxy."""
        environment = self._compute_environment_string()
        line = f"{environment} /bin/sh -c {shlex.quote(command)}".strip()
        done: dict[str, Any] = self._low_level_execute_command(line)
        return done
