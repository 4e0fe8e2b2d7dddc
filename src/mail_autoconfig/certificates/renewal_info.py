"""When an authority asks for a renewal (ACME Renewal Information, RFC 9773)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from ..host import replace_file
from .directory import Directory
from .ledger import HOUR
from .orders import DAY, Lineage, Window

_THREADS = 8
_SOONEST = 60.0  # seconds until the same is asked again, of what the authority may say
_LATEST = DAY
_USUAL = 6 * HOUR  # where it says nothing


@dataclass(frozen=True, slots=True)
class _Known:
    """What the authority said of a certificate, and until when it wants no other question."""

    window: Window | None = None
    again: float = 0.0


class RenewalInfo:
    """Asks the authority for each certificate, unless it said so much that it need not.

    `path` keeps what it said, for later runs, unless nothing is to be written (`dry`).
    """

    def __init__(
        self, directory: Directory, path: Path, clock: Callable[[], float], *, dry: bool
    ) -> None:
        self._directory = directory
        self._path = path
        self._clock = clock
        self._dry = dry
        self._silent = False

    def __call__(self, lineages: Mapping[str, Lineage]) -> dict[str, Lineage]:
        """Certificates with the window that the authority suggests for each. Raises OSError.

        Where it suggests none, or does not answer and never did, they are as they were.
        """
        wanted = {name: each.identifier for name, each in lineages.items() if self._may_ask(each)}
        known = self._ask_all(list(wanted.values())) if wanted else {}
        return {
            name: replace(each, window=known[wanted[name]].window) if name in wanted else each
            for name, each in lineages.items()
        }

    def _may_ask(self, lineage: Lineage) -> bool:
        """Whether it is of this authority, and has not expired (RFC 9773, section 4.3)."""
        ours = lineage.server == self._directory.url
        return bool(ours and lineage.identifier and self._clock() < lineage.ends)

    def _ask_all(self, identifiers: list[str]) -> dict[str, _Known]:
        kept = self._kept()
        before = {each: kept.get(each, _Known()) for each in identifiers}
        try:
            base = str(self._directory.content.get("renewalInfo") or "")
        except (OSError, ValueError):
            return before
        if not base:
            return dict.fromkeys(identifiers, _Known())
        with ThreadPoolExecutor(_THREADS) as pool:
            answers = pool.map(partial(self._ask, base.rstrip("/")), before, before.values())
            known = dict(zip(before, answers, strict=True))
        if not self._dry and known != kept:
            content = {each: asdict(one) for each, one in known.items()}
            replace_file(self._path, json.dumps(content, indent=1) + "\n")
        return known

    def _ask(self, base: str, identifier: str, before: _Known) -> _Known:
        now = self._clock()
        # A time further ahead is from a clock that was wrong.
        if self._silent or now < before.again <= now + _LATEST:
            return before
        try:
            content, wait = self._directory.fetch(f"{base}/{identifier}")
            return _Known(parse(content), now + seconds(wait, now))
        except HTTPError as error:
            error.close()
            wait = error.headers.get("Retry-After") or ""
            return replace(before, again=now + seconds(wait, now))
        except OSError:
            self._silent = True
        except ValueError:
            pass
        return before

    def _kept(self) -> dict[str, _Known]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
            return {each: _read(one) for each, one in content.items()}
        except (OSError, AttributeError, KeyError, TypeError, ValueError):
            return {}


def _read(kept: Mapping[str, Any]) -> _Known:
    window = kept["window"]
    return _Known(Window(**window) if window else None, float(kept["again"]))


def parse(content: Mapping[str, Any]) -> Window:
    """Read the authority's answer. Raises ValueError if it is none."""
    try:
        window = content["suggestedWindow"]
        begins, ends = (datetime.fromisoformat(window[key]) for key in ("start", "end"))
    except (KeyError, TypeError):
        raise ValueError("no suggestedWindow") from None
    if begins.tzinfo is None or ends.tzinfo is None or not begins < ends:
        raise ValueError("no window of time")
    explanation = content.get("explanationURL")
    shown = isinstance(explanation, str) and explanation.isprintable()
    return Window(begins.timestamp(), ends.timestamp(), str(explanation) if shown else "")


def seconds(wait: str, now: float) -> float:
    """How long to wait, by a header Retry-After: a number of seconds, or a date."""
    try:
        found = float(wait) if wait.isdigit() else parsedate_to_datetime(wait).timestamp() - now
    except (TypeError, ValueError):
        found = _USUAL
    return min(max(found, _SOONEST), _LATEST)
