"""A configuration from a file, as the roles write it or as people do, or from the environment.

What people write is a file of an inventory: YAML or JSON, with the names of the variables.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from . import environment, fields
from .fields import ConfigurationError
from .logos import data_url, with_logos
from .model import Configuration
from .read import parse

_PREFIX = "autoconfig_"
_PAGE = ("logo", "texts", "contact")
_VARIABLES = (
    *(f"{_PREFIX}{key}" for key in ("domains", "providers", "generic_host", "sources")),
    *(f"{_PREFIX}page_{key}" for key in _PAGE),
)
_ALIKE = 0.8  # of 1: no variable of a role is so much like one of these
_TOO_DEEP = "brackets in one another, too many to read"
_NO_TEMPLATES = "is a template, which only Ansible fills in; write the value itself"


def load(path: Path, *, images: bool = False, sources: bool = False) -> Configuration:
    """Read a file; where there is none, what the environment says of one domain.

    A file whose name ends in .yml or .yaml is YAML, any other JSON. `images`: with the look of the
    page, whose files are relative to this one. `sources` as of :func:`read.parse`.
    Raises ConfigurationError, for a file that can't be read too.
    """
    if one := environment.configuration(os.environ):
        if path.exists():
            problem = f"{environment.DOMAIN} is set too; keep the file or the variable"
            raise ConfigurationError([problem])
        content = json.dumps(one).encode()
        raw: Any = one
    else:
        content = _content(path)
        raw = _unprefixed(_decoded(path, content))
        if isinstance(raw, Mapping):
            raw = _with_images(raw, path.parent) if images else {**raw, "page": None}
    digest = _digest(content)
    del content
    if isinstance(raw, dict) and isinstance(raw.get("domains"), list):
        raw["domains"] = _Once(raw["domains"])
    return replace(parse(raw, sources=sources), digest=digest)


def read(path: Path) -> tuple[Mapping[str, Any], str]:
    """What a file says, with its logos, before anything is checked; and its digest.

    Raises ConfigurationError.
    """
    content = _content(path)
    raw = _unprefixed(_decoded(path, content))
    if not isinstance(raw, Mapping):
        raise ConfigurationError(["not a mapping"])
    return _with_images(raw, path.parent), _digest(content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class _Once(list[Any]):
    """Lets go what is read, so that there is never all of it in both forms."""

    def __iter__(self) -> Iterator[Any]:
        self.reverse()
        while self:
            yield self.pop()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError([f"can't be read: {error.strerror}"]) from None


def _decoded(path: Path, content: bytes) -> Any:
    try:
        text = content.decode("utf-8")
        if path.suffix in (".yml", ".yaml"):
            return _yaml(text)
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigurationError([f"not UTF-8 at byte {error.start}"]) from None
    except ValueError as error:  # also for a number too long to read
        raise ConfigurationError([f"not JSON: {error}"]) from None
    except RecursionError:  # in words that differ from Python to Python
        raise ConfigurationError([_TOO_DEEP]) from None


def _yaml(text: str) -> Any:
    """YAML as Ansible hands it on: in JSON's types."""
    try:
        import yaml
    except ModuleNotFoundError:
        problem = "a file in YAML needs python3-yaml; give JSON, or install it"
        raise ConfigurationError([problem]) from None
    try:
        return json.loads(json.dumps(yaml.load(text, _loader()), default=str))  # noqa: S506 (safe)
    except yaml.MarkedYAMLError as error:
        raise ConfigurationError([_bad_line(text, error.problem_mark, error.problem)]) from None
    except RecursionError:
        raise ConfigurationError([_TOO_DEEP]) from None
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise ConfigurationError([f"not YAML: {' '.join(str(error).split())}"]) from None


def _loader() -> Any:
    """The safe loader in Python on libyaml's parser: PyYAML's own takes seconds for a big file.

    The one all in C, CSafeLoader, crashes where values are too deep in one another.
    """
    from yaml._yaml import CParser
    from yaml.composer import Composer
    from yaml.constructor import SafeConstructor
    from yaml.resolver import Resolver

    class Loader(Composer, CParser, SafeConstructor, Resolver):
        def __init__(self, stream: str) -> None:
            CParser.__init__(self, stream)
            for base in Composer, SafeConstructor, Resolver:
                base.__init__(self)

    return Loader


def _bad_line(text: str, mark: Any, problem: str | None) -> str:
    if mark is None:
        return f"not YAML: {problem}"
    lines = text.splitlines() or [""]
    number = min(mark.line, len(lines) - 1)  # the end of a file is the line after its last
    where = f"not YAML: line {number + 1}"
    if "{{" in lines[number]:  # without quotes it is a mapping in a mapping
        return f"{where}: {fields.shown(lines[number].strip())} {_NO_TEMPLATES}"
    return f"{where}: {problem}"


def _unprefixed(raw: Any) -> Any:
    """What the validator reads, of a file with the names of variables; any other as it is."""
    if not isinstance(raw, Mapping) or not any(str(key).startswith(_PREFIX) for key in raw):
        return raw
    own = {key: raw[key] for key in _VARIABLES if raw.get(key) is not None}
    problems = [*_strange(raw), *_templates(own)]
    if problems:
        raise ConfigurationError(problems)
    page = {key: own[name] for key in _PAGE if (name := f"{_PREFIX}page_{key}") in own}
    found = {
        name.removeprefix(_PREFIX): value
        for name, value in own.items()
        if not name.startswith(f"{_PREFIX}page_")
    }
    return found | ({"page": page} if page else {})


def _strange(raw: Mapping[Any, Any]) -> Iterator[str]:
    """Names that look like one of ours; other variables, of the roles, have no meaning here."""
    ours = [name.removeprefix(_PREFIX) for name in _VARIABLES]
    for key in map(str, raw):
        if key.startswith(_PREFIX) and key not in _VARIABLES:
            for meant in get_close_matches(key.removeprefix(_PREFIX), ours, 1, _ALIKE):
                yield f'unknown variable "{key}"; did you mean "{_PREFIX}{meant}"?'


def _templates(own: Mapping[str, Any]) -> Iterator[str]:
    for name, value in own.items():
        for text in dict.fromkeys(_texts(value)):
            if "{{" in text or "{%" in text:
                yield f"{name}: {fields.shown(text)} {_NO_TEMPLATES}"


def _texts(value: Any) -> Iterator[str]:
    """All strings in a value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from _texts(each)
    elif fields.is_list(value):
        for each in value:
            yield from _texts(each)


def _with_images(raw: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    problems: list[str] = []

    def image(name: str) -> str:
        try:
            return data_url(directory / name)
        except OSError as error:
            problems.append(f"logo: {directory / name} can't be read: {error.strerror}")
            return ""

    found = with_logos(raw, image)
    if problems:
        raise ConfigurationError(list(dict.fromkeys(problems)))
    return found
