from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import segno

from mail_autoconfig.answers.page.code import code

URL = "https://autoconfig.example.com/email.mobileconfig?email=a%2Bb@example.com"


def test_code_is_drawn_right() -> None:
    root = ET.fromstring(code(URL, 'QR code of <the> "profile"'))
    path = root.find("path")
    assert path is not None
    drawn = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path.get("d", ""))}
    matrix = segno.make(URL, error="m", micro=False).matrix
    assert drawn == {
        (x + 4, y + 4) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark
    }
    assert root.get("viewBox") == f"0 0 {len(matrix) + 8} {len(matrix) + 8}"
    assert root.get("aria-label") == 'QR code of <the> "profile"'


@pytest.mark.parametrize(("octets", "has_code"), [(152, True), (153, False)])
def test_code_that_a_telephone_would_not_read_is_left_out(octets: int, has_code: bool) -> None:
    assert bool(code(URL + "x" * (octets - len(URL)), "")) == has_code
