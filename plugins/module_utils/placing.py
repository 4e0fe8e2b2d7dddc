# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files and directories of a host, many in one call."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from ansible.module_utils.basic import AnsibleModule


class Placed(NamedTuple):
    """What was changed, or would be in check mode: paths, and what ``--diff`` shows."""

    paths: list[str]
    diff: list[dict[str, str]]


def place(module: AnsibleModule, entries: list[dict[str, Any]]) -> Placed:
    """Make each entry so; what is so already is not touched.

    :arg entries: of each, ``path`` and ``state``, one of file, directory, absent; ``content`` of a
        file; ``owner``, ``group`` and ``mode`` as the module ``ansible.builtin.file`` takes them
    """
    done = Placed([], [])
    for entry in entries:
        shown = _KINDS[entry["state"]](module, Path(entry["path"]), entry)
        done.diff.extend(shown)
        changed = bool(shown)
        if entry["state"] != "absent":
            wanted = module.load_file_common_arguments(entry, entry["path"])
            changed = module.set_fs_attributes_if_different(wanted, changed)
        if changed:
            done.paths.append(entry["path"])
    return done


def _file(module: AnsibleModule, path: Path, entry: dict[str, Any]) -> list[dict[str, str]]:
    content = entry["content"].encode()
    before = path.read_bytes() if path.exists() else None
    if before == content:
        return []
    if not module.check_mode:
        new = Path(module.tmpdir, "new")
        new.write_bytes(content)
        module.atomic_move(str(new), str(path))
    return _shown(path, (before or b"").decode(errors="replace"), entry["content"])


def _directory(module: AnsibleModule, path: Path, _entry: dict[str, Any]) -> list[dict[str, str]]:
    if path.is_dir():
        return []
    if not module.check_mode:
        mask = os.umask(0o022)
        path.mkdir(parents=True)
        os.umask(mask)
    return _shown(path, "absent\n", "directory\n")


def _absent(module: AnsibleModule, path: Path, _entry: dict[str, Any]) -> list[dict[str, str]]:
    if not os.path.lexists(path):
        return []
    is_directory = path.is_dir() and not path.is_symlink()
    if not module.check_mode:
        shutil.rmtree(path) if is_directory else path.unlink()
    return _shown(path, "directory\n" if is_directory else "file\n", "absent\n")


def _shown(path: Path, before: str, after: str) -> list[dict[str, str]]:
    header = str(path)
    return [{"before_header": header, "after_header": header, "before": before, "after": after}]


_KINDS = {"file": _file, "directory": _directory, "absent": _absent}
