from __future__ import annotations

from mail_autoconfig.zones.changes import Change, Content, difference


def test_difference() -> None:
    changes = [
        Change("d", "b.d", "A", None, Content(("192.0.2.1", "192.0.2.2"), 60)),
        Change("d", "a.d", "SRV", Content(("0 0 0 .",), 5), None),
    ]
    assert difference(changes) == (
        "a.d. 5 SRV 0 0 0 .\n",
        "b.d. 60 A 192.0.2.1\nb.d. 60 A 192.0.2.2\n",
    )
