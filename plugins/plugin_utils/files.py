# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files on the controller, and from there to a host."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load


def replace(path: Path, content: bytes) -> None:
    """Write a file on the controller at once, and make its directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    load("host").replace_file(path, content)


def shown(header: str, before: str, after: str) -> dict[str, str]:
    """One difference as Ansible prints it."""
    return {"before_header": header, "after_header": header, "before": before, "after": after}


def copy(
    action: ActionBase, content: bytes, dest: str, mode: str, task_vars: dict[str, Any] | None
) -> dict[str, Any]:
    """Let ``ansible.builtin.copy`` put a file on the host: check mode, diff, atomic move.

    :arg mode: of the file, which is root's, such as ``0644``
    :returns: the result of ``ansible.builtin.copy``
    """
    descriptor, name = tempfile.mkstemp(dir=constants.DEFAULT_LOCAL_TMP)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    task = action._task.copy()
    task.args = {"src": name, "dest": dest, "owner": "root", "group": "root", "mode": mode}
    plugin = action._shared_loader_obj.action_loader.get(
        "ansible.builtin.copy",
        task=task,
        connection=action._connection,
        play_context=action._play_context,
        loader=action._loader,
        templar=action._templar,
        shared_loader_obj=action._shared_loader_obj,
    )
    try:
        result: dict[str, Any] = plugin.run(task_vars=task_vars)
    finally:
        Path(name).unlink()
    return result
