"""A run that root begins goes on as the service's own user, whose files it writes."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from pathlib import Path


def become_owner(directory: Path) -> None:
    """Become the owner of a directory, if root runs this and somebody else owns it."""
    found = directory.stat()
    if os.geteuid() != 0 or found.st_uid == 0:
        return
    with suppress(KeyError):  # a user without a name has no other groups
        os.initgroups(pwd.getpwuid(found.st_uid).pw_name, found.st_gid)
    os.setgid(found.st_gid)
    os.setuid(found.st_uid)
