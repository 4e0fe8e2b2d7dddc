"""The table of faults in docs/doctor.md, read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs/doctor.md"


@dataclass(frozen=True)
class Row:
    """One fault; `…` in a text is what differs from case to case."""

    severity: str
    line: str
    should: str
    remedy: str
    proof: str


def _rows() -> dict[str, Row]:
    _, _, faults = DOCUMENT.read_text("utf-8").partition("\n## Faults\n")
    found = re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", faults, re.MULTILINE)
    return {code: Row(*cells.split(" | ")) for code, cells in found}


ROWS = _rows()
LAB = [code for code, row in ROWS.items() if row.proof == "lab"]


def shown(cell: str) -> re.Pattern[str]:
    """The pattern of what a text of the table covers."""
    return re.compile(".+".join(map(re.escape, cell.split("…"))), re.DOTALL)
