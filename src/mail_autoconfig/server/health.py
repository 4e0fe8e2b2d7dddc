"""What is in force, for the roles, which compare it with what they installed, and for people."""

from __future__ import annotations

import json
from typing import Any

from .. import __version__
from ..inventory.model import Configuration
from ..store.read import Store

MEDIA_TYPE = "application/json"


def state(
    configuration: Configuration, program: str, store: Store | None, *, draining: bool = False
) -> str:
    """The digests of what this process answers from, and how many domains that has."""
    found: dict[str, Any] = {
        "status": "draining" if draining else "ok",
        "domains": len(configuration),
        "configuration": configuration.digest,
        "program": program,
        "version": __version__,
    }
    if store:
        content = store.content
        found["store"] = {
            "domains": content.domains if content else 0,
            "digest": content.digest if content else "",
            "problem": store.problem,
        }
    return json.dumps(found)
