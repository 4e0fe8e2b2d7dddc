# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access rights of a Group Policy object, in the language of MS-DTYP, section 2.5.1 (SDDL)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .errors import RefusedError

EVERYONE = "AU"  # Authenticated Users
_APPLY = "edacfd8f-ffb3-11d1-b41d-00a0c968f939"  # MS-ADTS, section 5.1.3.2.1: Apply-Group-Policy
_READ = "RPLCLORC"


class Entry(NamedTuple):
    """One entry of a list of access rights, as in ``(OA;CI;CR;edacfd8f-…;;AU)``."""

    text: str

    @property
    def fields(self) -> list[str]:
        """Kind, flags, rights, object, inherited object, trustee."""
        return self.text.strip("()").split(";")

    @property
    def trustee(self) -> str:
        """The user or group that has the rights."""
        return self.fields[5]

    @property
    def applies(self) -> bool:
        """Whether it lets a Group Policy object apply to the trustee."""
        return self.fields[0] == "OA" and self.fields[3].lower() == _APPLY

    @property
    def reads(self) -> bool:
        """Whether it lets the trustee read the object, and nothing more."""
        rights = self.fields[2]
        pairs = {rights[index : index + 2] for index in range(0, len(rights), 2)}
        return self.fields[0] == "A" and pairs == {"RP", "LC", "LO", "RC"}


def split_sddl(sddl: str) -> tuple[str, list[Entry], str]:
    """Return what precedes the access rights, each of them, and what follows.

    :raises RefusedError: the text has another form.
    """
    found = re.match(r"(.*?D:[A-Z]*)((?:\([^()]*\))*)(.*)", sddl, re.DOTALL)
    if not found:
        raise RefusedError(f"access rights of another form: {sddl}")
    entries = [Entry(text) for text in re.findall(r"\([^()]*\)", found.group(2))]
    return found.group(1), entries, found.group(3)


def appliers(sddl: str) -> list[str]:
    """Return the trustees to whom an object applies, sorted."""
    return sorted({entry.trustee for entry in split_sddl(sddl)[1] if entry.applies})


def with_appliers(sddl: str, trustees: Sequence[str]) -> str:
    """Return the access rights of an object that applies to ``trustees`` alone.

    Authenticated Users continue to read it, which computers need (Microsoft, MS16-072).
    """
    before, entries, behind = split_sddl(sddl)
    gone = set(appliers(sddl)) - set(trustees)
    kept = [
        entry
        for entry in entries
        if entry.trustee not in gone
        or not (entry.applies or (entry.reads and entry.trustee != EVERYONE))
    ]
    readers = {entry.trustee for entry in kept if entry.reads}
    applied = {entry.trustee for entry in kept if entry.applies}
    new = [f"(A;CI;{_READ};;;{each})" for each in [EVERYONE, *trustees] if each not in readers]
    new += [f"(OA;CI;CR;{_APPLY};;{each})" for each in trustees if each not in applied]
    return before + "".join([*(entry.text for entry in kept), *dict.fromkeys(new)]) + behind
