# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the directory and GPT.INI say of a Group Policy object: version, extensions, links."""

from __future__ import annotations

import re
from collections.abc import Sequence

# MS-GPREG, section 1.9: who reads Registry.pol, and what edits its user side.
_EXTENSION = "[{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{D02B1F73-3407-48AE-BA88-E8213C6761F1}]"


def raised(version: int) -> int:
    """Return the version after a change of the user side, its upper half (MS-GPOL, 2.2.4)."""
    user = (version >> 16) + 1
    return ((user if user <= 0xFFFF else 1) << 16) | (version & 0xFFFF)


def signed(version: int) -> int:
    """Return the 32 bits as LDAP's syntax Integer writes them."""
    return version - (1 << 32) if version >= 1 << 31 else version


def version_of(gpt_ini: str) -> int:
    """Return the version that a GPT.INI says; -1 if none."""
    found = re.search(r"^\s*Version\s*=\s*(\d+)", gpt_ini, re.MULTILINE | re.IGNORECASE)
    return int(found.group(1)) if found else -1


def with_version(gpt_ini: str, version: int) -> str:
    """Return the GPT.INI with another version."""
    line = f"Version={version}"
    changed, count = re.subn(
        r"^[ \t]*Version[ \t]*=[^\r\n]*", line, gpt_ini, count=1, flags=re.MULTILINE | re.IGNORECASE
    )
    return changed if count else f"[General]\r\n{line}\r\n"


def with_extension(names: str) -> str:
    """Return a list of extensions with the one of the registry, sorted as MS-GPOL 2.2.4 wants."""
    listed = re.findall(r"\[[^\]]*\]", names)
    others = [each for each in listed if each[:39].upper() != _EXTENSION[:39]]
    return "".join(sorted([*others, _EXTENSION], key=str.upper))


def links_of(gplink: str) -> list[tuple[str, str]]:
    """Return each link of a container: distinguished name of the object, options."""
    return re.findall(r"\[LDAP://([^;\]]*);(\d+)\]", gplink, re.IGNORECASE)


def gplink_of(links: Sequence[tuple[str, str]]) -> str:
    """Return the attribute that lists ``links``."""
    return "".join(f"[LDAP://{dn};{options}]" for dn, options in links)
