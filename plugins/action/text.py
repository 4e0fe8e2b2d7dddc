# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Put a text on a host; of one that is large, say in a few lines what changes."""

from __future__ import annotations

import hashlib
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.files import copy_text


class ActionModule(ActionBase):
    """Let ansible.builtin.copy write, with check mode and diff."""

    TRANSFERS_FILES = True
    _supports_check_mode = True
    _supports_diff = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what ansible.builtin.copy does."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            argument_spec={
                "content": {"type": "str", "required": True},
                "dest": {"type": "path", "required": True},
                "digest": {"type": "str", "default": ""},
                "validate": {"type": "str"},
                "backup": {"type": "bool", "default": False},
            }
        )
        content = str(arguments["content"])
        if arguments["digest"]:
            digest = hashlib.sha256(content.encode()).hexdigest()
            content = content.replace(str(arguments["digest"]), digest)
        options = {key: arguments[key] for key in ("validate", "backup") if arguments[key]}
        dest = str(arguments["dest"])
        written: dict[str, Any] = copy_text(self, content, dest, task_vars, **options)
        return written
