# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Compute the registry values of Outlook from the domains, and write them to files."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.files import replace, shown
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.inventory import (
    plain,
    raw_configuration,
)
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.variables import refuse_unknown

READ = load("inventory.read")
FILES, VALUES = load("outlook.files"), load("outlook.values")
ARGUMENTS = {
    "domains": {"type": "raw", "required": True},
    "providers": {"type": "raw", "default": {}},
    "generic_host": {"type": "str", "default": ""},
    "autodiscover": {"type": "raw", "default": {}},
    "keep_classic": {"type": "bool", "default": False},
    "return_to_classic": {"type": "bool", "default": False},
    "files_path": {"type": "str", "default": ""},
}


def listed(found: tuple[Any, ...], *, policy: bool) -> list[dict[str, Any]]:
    """The `outlook.values.Value`s as Ansible passes them on."""
    return [
        {"key": v.path(policy=policy), "name": v.name, "type": v.type, "data": v.data}
        for v in found
    ]


def text(content: bytes) -> str:
    """A file's text, for the difference."""
    encoding = "utf-16" if content.startswith(codecs.BOM_UTF16_LE) else "utf-8"
    return content.decode(encoding, "replace")


def write(directory: Path, wanted: Mapping[str, bytes], *, dry: bool) -> list[dict[str, str]]:
    """Write the files that differ, each of them whole; return the differences."""
    differences = []
    for name, content in wanted.items():
        path = directory / name
        present = path.read_bytes() if path.exists() else b""
        if present == content:
            continue
        differences.append(shown(str(path), text(present), text(content)))
        if not dry:
            replace(path, content)
    return differences


class ActionModule(ActionBase):
    """Validate the inventory, compute the values, write the files."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the values; see the module's RETURN."""
        super().run(tmp, task_vars)
        refuse_unknown(task_vars or {})
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        try:
            return self.settings(arguments)
        except READ.ConfigurationError as error:
            raise AnsibleActionFail(str(error)) from None

    def settings(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do the work. Raises ConfigurationError."""
        autodiscover = VALUES.parse_autodiscover(plain(arguments["autodiscover"]))
        found = VALUES.values(
            READ.parse(raw_configuration(arguments)),
            autodiscover,
            keep_classic=arguments["keep_classic"],
            return_to_classic=arguments["return_to_classic"],
        )
        differences: list[dict[str, str]] = []
        if arguments["files_path"]:
            directory = Path(str(arguments["files_path"])).expanduser().absolute()
            try:
                differences = write(directory, FILES.files(found), dry=bool(self._task.check_mode))
            except OSError as error:
                problem = f"autoconfig_outlook_files_path: {error.filename}: {error.strerror}"
                raise READ.ConfigurationError([problem]) from None
        return {
            "changed": bool(differences),
            "diff": differences,
            "preferences": listed(found, policy=False),
            "policies": listed(found, policy=True),
            "oldest": VALUES.OLDEST,
        }
