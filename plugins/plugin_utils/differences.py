# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What changes in a text, in a few lines: Ansible shows nothing of a file that is large."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

LONGEST = 100  # characters of a value, or of a line


def lines(before: str, after: str) -> Iterator[str]:
    """Return what goes, each line with a minus, and what comes, with a plus.

    Of JSON the keys and names that differ, else the lines that are in one of them alone.
    """
    try:
        documents = json.loads(before or "{}"), json.loads(after or "{}")
    except ValueError:
        yield from _counted(before.splitlines(), after.splitlines(), "")
    else:
        yield from _of_values(*documents, "")


def _of_values(before: Any, after: Any, at: str) -> Iterator[str]:
    if before == after:
        return
    was, now = _by_key(before), _by_key(after)
    if was is not None and now is not None:
        for key in dict.fromkeys([*was, *now]):
            yield from _of_key(was, now, key, f"{at}{key}")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _counted(map(_short, before), map(_short, after), at)
    else:
        yield f"-{at}{_short(before)}"
        yield f"+{at}{_short(after)}"


def _of_key(
    before: Mapping[str, Any], after: Mapping[str, Any], key: str, at: str
) -> Iterator[str]:
    if key in before and key in after:
        yield from _of_values(before[key], after[key], f"{at}: ")
        return
    sign, value = ("-", before[key]) if key in before else ("+", after[key])
    # Of what is new or gone as a whole, such as a domain, its name says enough.
    yield f"{sign}{at}" if isinstance(value, dict | list) else f"{sign}{at}: {_short(value)}"


def _by_key(value: Any) -> Mapping[str, Any] | None:
    """Return a mapping by key, and a list of what has names by name; of anything else None."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(each, dict) and "name" in each for each in value):
        named = {str(each["name"]): each for each in value}
        return named if len(named) == len(value) else None
    return None


def _counted(before: Iterable[Hashable], after: Iterable[Hashable], at: str) -> Iterator[str]:
    """Return what there is more of in one of them; its place is not looked at."""
    was, now = Counter(before), Counter(after)
    for sign, more in (("-", was - now), ("+", now - was)):
        for each, count in more.items():
            yield f"{sign}{at}{str(each)[:LONGEST]}{f'  ({count} times)' if count > 1 else ''}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
