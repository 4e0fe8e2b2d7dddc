"""QR codes."""

from __future__ import annotations

import segno
from markupsafe import Markup, escape

# Octets of the longest URL: version 8, 49 modules wide, which a telephone's camera reads from a
# screen at arm's length. Longer ones also cost more than all other answers.
_LONGEST = 152


def code(url: str, name: str) -> Markup:
    """A QR code as SVG, four modules of quiet zone around it (ISO/IEC 18004).

    `name` says what it is to people who do not see it. Empty for a URL that is too long.
    """
    if len(url) > _LONGEST:
        return Markup()
    matrix = segno.make(url, error="m", micro=False).matrix
    size = len(matrix) + 8
    path = "".join(
        f"M{x + 4} {y + 4}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, dark in enumerate(row)
        if dark
    )
    return Markup(  # noqa: S704 (numbers, an escaped name)
        f'<svg class="code" role="img" aria-label="{escape(name)}" viewBox="0 0 {size} {size}" '
        f'shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )
