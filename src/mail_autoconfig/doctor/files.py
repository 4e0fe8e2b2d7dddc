"""Write files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Put a text in a file's place at once, readable for all; raises OSError.

    Whoever reads the file meanwhile has the old text or the new one. A file that is none, such as
    /dev/stdout, is written to.
    """
    if path.exists() and not path.is_file():
        path.write_text(text, "utf-8")
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(descriptor, 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
