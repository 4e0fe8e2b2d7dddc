# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What there is of a Group Policy object, and what is wanted, to compare and to show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class State(NamedTuple):
    """A Group Policy object, as far as it is ours to keep; ``name`` is empty if there is none."""

    name: str = ""
    values: Sequence[str] = ()
    groups: Sequence[str] = ()
    links: Sequence[str] = ()
    announced: bool = True
    rights: bool = True

    def lines(self) -> list[str]:
        """The object as text, one fact a line."""
        if not self.name:
            return []
        whose = "the object's" if self.rights else "other"
        return [
            f"Group Policy object {self.name}",
            *self.values,
            *(f"applies to {each}" for each in sorted(self.groups)),
            *(f"linked to {each}" for each in sorted(self.links)),
            "announced to clients" if self.announced else "not announced to clients",
            f"files have {whose} access rights",
        ]
