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
    home = "/nonexistent"
    with suppress(KeyError):  # a user without a name has no other groups
        owner = pwd.getpwuid(found.st_uid)
        os.initgroups(owner.pw_name, found.st_gid)
        home = owner.pw_dir
    # PostgreSQL's library looks for certificates there, and fails where it may not look: in root's.
    os.environ["HOME"] = home
    os.setgid(found.st_gid)
    os.setuid(found.st_uid)
