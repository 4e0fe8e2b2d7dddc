# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files on the controller, and from there to a host."""

from __future__ import annotations

import os
import shlex
import tempfile
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils import differences
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load

LARGE = {"src_larger", "dst_larger"}
"""Ansible's marks of a file whose content it does not show."""


def replace(path: Path, content: bytes) -> None:
    """Write a file on the controller at once, and make its directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    load("host").replace_file(path, content)


def shown(header: str, before: str, after: str) -> dict[str, str]:
    """One difference as Ansible prints it."""
    return {"before_header": header, "after_header": header, "before": before, "after": after}


def copy(
    action: ActionBase,
    content: bytes,
    dest: str,
    mode: str,
    task_vars: dict[str, Any] | None,
    **options: Any,
) -> dict[str, Any]:
    """Let ``ansible.builtin.copy`` put a file on the host: check mode, diff, atomic move.

    :arg mode: of the file, which is root's, such as ``0644``
    :arg options: more arguments of ``ansible.builtin.copy``
    :returns: its result
    """
    descriptor, name = tempfile.mkstemp(dir=constants.DEFAULT_LOCAL_TMP)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    task = action._task.copy()
    task.args = {"src": name, "dest": dest, "owner": "root", "group": "root", "mode": mode}
    task.args |= options
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


def copy_text(
    action: ActionBase, text: str, dest: str, task_vars: dict[str, Any] | None, **options: Any
) -> dict[str, Any]:
    """As :func:`copy`, for all to read; shows what changes in a large text too."""
    before = (read(action, dest) if action._task.diff else None) or ""
    result = copy(action, text.encode(), dest, "0644", task_vars, **options)
    if isinstance(result.get("diff"), list):
        result["diff"] = [
            prepared(dest, before, text) if LARGE & each.keys() else each for each in result["diff"]
        ]
    return result


def read(action: ActionBase, path: str) -> str | None:
    """Return a text on the host; None if there is none."""
    found = action._low_level_execute_command(f"cat -- {shlex.quote(path)}")
    return None if found["rc"] else str(found["stdout"])


def prepared(path: str, before: str, after: str) -> dict[str, str]:
    """Return what changes in a large file, as Ansible prints it."""
    changes = differences.lines(before, after)
    return {"prepared": "\n".join([f"--- before: {path}", f"+++ after: {path}", *changes, ""])}
