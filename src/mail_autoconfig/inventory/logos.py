"""Logos: images in files become data: URLs, which are all that the program shows."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def data_url(path: Path) -> str:
    """Turn an image into a data: URL; the validator refuses kinds that it doesn't know."""
    kinds = {".jpg": "jpeg", ".svg": "svg+xml"}
    kind = kinds.get(path.suffix.lower(), path.suffix.lower().removeprefix("."))
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def with_logos(raw: Mapping[str, Any], image: Callable[[str], str]) -> dict[str, Any]:
    """Return a raw configuration with the images in place of their files' names."""

    def one(entry: Any) -> Any:
        logo = entry.get("logo") if isinstance(entry, Mapping) else None
        if not isinstance(logo, str) or not logo or logo.startswith("data:"):
            return entry
        return {**entry, "logo": image(logo)}

    found = dict(raw)
    if isinstance(domains := raw.get("domains"), list):
        found["domains"] = [*map(one, domains)]
    if isinstance(providers := raw.get("providers"), Mapping):
        found["providers"] = {name: one(each) for name, each in providers.items()}
    if "page" in raw:
        found["page"] = one(raw["page"])
    return found
