"""The reports as one HTML file to hand on: it loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..templates import source, template
from .data import Report
from .output_table import FEW, NEVER_ASK, servers
from .summary import causes, counted, faults, first, headline, plain


def page(reports: Sequence[Report], now: datetime) -> str:
    """The file's text; it names the time `now`."""
    return template("doctor.html").render(
        reports=reports,
        causes=causes(reports) if len(reports) > FEW else (),
        faults=faults,
        first=first,
        headline=headline,
        plain=plain,
        never_ask=NEVER_ASK,
        servers=servers,
        title=reports[0].domain if len(reports) == 1 else counted(len(reports), "domain"),
        now=now,
        style=source("doctor.css"),
    )
