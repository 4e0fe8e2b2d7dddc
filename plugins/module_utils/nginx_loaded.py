# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which file nginx has loaded, and what it thinks of it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path


def digest_line(path: str) -> str:
    """Return the digest and the path of a file, as sha256sum writes them."""
    return f"{hashlib.sha256(Path(path).read_bytes()).hexdigest()}  {path}\n"


def is_loaded(path: str, loaded: str) -> bool:
    """Say whether nginx has loaded the file as it is."""
    try:
        return Path(loaded).read_text("utf-8") == digest_line(path)
    except OSError:
        return False


def refused(said: str, ours: str, also_ours: str = "") -> str:
    """Return what is wrong with a configuration that nginx itself takes.

    Two sites of one name: nginx only warns, and serves the first of them.

    :arg said: what ``nginx -t`` printed
    :arg ours: our file's text
    :arg also_ours: that of a further one, where a name stays until it is in the first
    """
    names = re.findall(r'conflicting server name "([^"]+)"', said)
    words = _words(ours) - _words(also_ours) if names else set()
    taken = " and ".join(name for name in dict.fromkeys(names) if name in words)
    return f"another site of this nginx serves {taken}" if taken else ""


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\s;]+", text))
