from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.inventory.logos import data_url, with_logos


@pytest.mark.parametrize(
    ("name", "kind"), [("a.svg", "svg+xml"), ("a.JPG", "jpeg"), ("a.png", "png"), ("a", "")]
)
def test_logo(name: str, kind: str, tmp_path: Path) -> None:
    tmp_path.joinpath(name).write_bytes(b"\x00\xff")
    assert data_url(tmp_path / name) == f"data:image/{kind};base64,AP8="


def test_logos_of_domains_and_providers() -> None:
    raw: dict[str, Any] = {
        "domains": [{"name": "a.test", "logo": "a.svg"}, {"name": "b.test"}, "wrong", {"logo": 5}],
        "providers": {"acme": {"logo": "acme.png"}, "kept": {"logo": "data:x"}},
    }
    assert with_logos(raw, lambda name: f"<{name}>") == {
        "domains": [
            {"name": "a.test", "logo": "<a.svg>"},
            {"name": "b.test"},
            "wrong",
            {"logo": 5},
        ],
        "providers": {"acme": {"logo": "<acme.png>"}, "kept": {"logo": "data:x"}},
    }
    assert with_logos({"domains": 5, "providers": "x"}, str) == {
        "domains": 5,
        "providers": "x",
    }


def test_logo_of_the_page() -> None:
    assert with_logos({"page": {"logo": "a.svg"}}, str.upper) == {"page": {"logo": "A.SVG"}}
