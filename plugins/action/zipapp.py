# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pack the program of this collection into one executable file and copy it to the host."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.files import copy
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import SOURCE

MAIN = "import sys\n\nfrom mail_autoconfig.cli import main\n\nsys.exit(main())\n"


def pack(package: Path, interpreter: str) -> bytes:
    """Pack a Python package into a zipapp (PEP 441).

    The same sources give the same bytes, whatever their times and order on the disk, so that an
    unchanged program is an unchanged file.
    """
    files = {
        path.relative_to(package.parent).as_posix(): path.read_bytes()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    files["__main__.py"] = MAIN.encode()
    archive = io.BytesIO(f"#!{interpreter}\n".encode())
    archive.seek(0, io.SEEK_END)
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as zipped:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, files[name])
    return archive.getvalue()


class ActionModule(ActionBase):
    """Pack, then let ansible.builtin.copy do the rest: check mode, ownership, atomic move."""

    TRANSFERS_FILES = True
    _supports_check_mode = True
    _supports_diff = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the result of ``ansible.builtin.copy``."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            argument_spec={
                "dest": {"type": "path", "required": True},
                "interpreter": {"type": "str", "default": "/usr/bin/python3 -I"},
            }
        )
        content = pack(SOURCE, arguments["interpreter"])
        result: dict[str, Any] = copy(self, content, arguments["dest"], "0755", task_vars)
        return result | {"sha256": hashlib.sha256(content).hexdigest()}
