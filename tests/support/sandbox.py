"""How much of a server a unit could reach."""

from __future__ import annotations

import re
from collections.abc import Callable


def exposure(run: Callable[[str], str], unit: str) -> float:
    """The figure of `systemd-analyze security`, from 0 to 10; `run` runs a command on the host."""
    report = run(f"systemd-analyze security --no-pager {unit}")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", report)
    assert found, report
    return float(found[1])
