"""Write the tables of docs/inventory.md and docs/inventory.schema.json; with --check, compare.

Both are made from the declaration of keys that the validator reads.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mail_autoconfig.inventory import keys
from mail_autoconfig.inventory.fields import USERNAME_PATTERN
from mail_autoconfig.inventory.keys import Key

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/inventory.md"
SCHEMA = ROOT / "docs/inventory.schema.json"

TABLES: Mapping[str, tuple[str, Mapping[str, Key]]] = {
    "domain": ("key of a domain", keys.DOMAIN),
    "shared": ("key of a provider or a domain", keys.SHARED),
    "provider": ("key of a provider", keys.PROVIDER),
    "server": ("key of a server", keys.SERVER),
    "service": ("key of a service behind a URL", keys.WEB_SERVER),
}
"""Their heads and rows; what is shared has a table of its own."""
HTTPS = {"type": "string", "pattern": "^https://"}
IMAGE = {
    "type": "string",
    "pattern": r"\.([Ss][Vv][Gg]|[Pp][Nn][Gg]|[Jj][Pp][Ee]?[Gg]|[Ww][Ee][Bb][Pp])$",
}
TEXT = {"type": "string", "minLength": 1}


def table(name: str) -> str:
    """Return a table in Markdown."""
    head, declared = TABLES[name]
    rows = [
        f"| `{key}` | {kind(each)} | {each.description} |"
        for key, each in declared.items()
        if name == "shared" or key not in keys.SHARED
    ]
    return "\n".join([f"| {head} | type | |", "|---|---|---|", *rows])


def kind(key: Key) -> str:
    """Return a key's type for people."""
    if key.kind in ("choice", "choices"):
        words = ", ".join(f"`{word}`" for word in key.choices)
        return f"{'one' if key.kind == 'choice' else 'one or a list'} of {words}"
    return {
        "text": f"text of up to {key.longest} characters",
        "flag": "`true` or `false`",
        "number": f"number from {key.smallest} to {key.largest}",
        "days": f"`true`, `false`, or a number from {key.smallest} to {key.largest}",
        "words": "text, or a list of them",
        "pattern": "text with placeholders",
        "address": "address with placeholders",
        "host": "host name",
        "hosts": "list of host names",
        "url": "URL",
        "url_pattern": "URL with placeholders",
        "xml": "XML",
        "mapping": f"mapping of {', '.join(f'`{name}`' for name in key.fields or ())}",
        "named": "mapping of names to providers",
        "list": f"list of mappings of {', '.join(f'`{name}`' for name in key.fields or ())}",
        "servers": "list of servers and services",
        "texts": "mapping of languages to texts",
        "logins": "mapping of local parts to user names",
        "aliases": "mapping of local parts to lists of addresses",
        "image": "file",
    }[key.kind]


def schema() -> dict[str, Any]:
    """Return the JSON schema of a file with variables of the inventory, whichever else it has.

    A whole variable may be an expression of Ansible's.
    """
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The inventory of mailhost.autoconfig",
        "type": "object",
        "properties": {
            f"autoconfig_{name}": {
                "description": key.description,
                "anyOf": [value(key), {"type": "string", "pattern": r"\{\{"}],
            }
            for name, key in keys.TOP.items()
        },
        "definitions": {
            "server": {
                "type": "object",
                "required": ["type"],
                "if": {
                    "required": ["type"],
                    "properties": {"type": {"enum": [*keys.WEB_SERVER["type"].choices]}},
                },
                "then": mapping(keys.WEB_SERVER),
                "else": mapping(keys.SERVER),
            }
        },
    }


def described(key: Key) -> dict[str, Any]:
    """Return the schema of a value with its description, which editors show without Markdown."""
    return {"description": re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", key.description), **value(key)}


def mapping(fields: Mapping[str, Key]) -> dict[str, Any]:
    """Return the schema of a mapping that has these keys and no other."""
    required = [name for name, key in fields.items() if key.required]
    return {
        "type": "object",
        "properties": {name: described(key) for name, key in fields.items()},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def value(key: Key) -> dict[str, Any]:
    """Return the schema of a value."""
    limits = {"type": "integer", "minimum": key.smallest, "maximum": key.largest}
    words = {"enum": [*key.choices]}
    names: dict[str, Any] = {"type": "string", "pattern": r"^[^\s/@]+$"}
    entries = mapping(key.fields or {})
    if key is keys.TOP["domains"]:
        entries["anyOf"] = [{"required": ["provider"]}, {"required": ["servers"]}]
    if key.fields is keys.CONTACT:
        entries |= {"minProperties": 1}
    if key.fields is keys.REDIRECT:
        entries |= {"minProperties": 1, "maxProperties": 1}
    kinds: dict[str, dict[str, Any]] = {
        "text": {**TEXT, "maxLength": key.longest},
        "flag": {"type": "boolean"},
        "number": limits,
        "days": {"anyOf": [{"type": "boolean"}, limits]},
        "choice": words,
        "choices": {"anyOf": [words, {"type": "array", "items": words, "minItems": 1}]},
        "words": {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]},
        "pattern": {"type": "string", "pattern": USERNAME_PATTERN},
        "address": {"type": "string", "pattern": "^[^@]+@[^@]+$"},
        "host": names,
        "hosts": {"type": "array", "items": names},
        "url": {**HTTPS, "pattern": "^https://[^{}]+$"},
        "url_pattern": HTTPS,
        "xml": {"type": "string"},
        "image": IMAGE,
        "mapping": entries,
        "named": {"type": "object", "additionalProperties": entries},
        "list": {"type": "array", "items": entries},
        "servers": {"type": "array", "items": {"$ref": "#/definitions/server"}, "minItems": 1},
        "texts": {"type": "object", "additionalProperties": TEXT, "minProperties": 1},
        "logins": {"type": "object", "additionalProperties": TEXT},
        "aliases": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": value(keys.REDIRECT["address"])},
        }
        if key.kind == "aliases"
        else {},
    }
    return kinds[key.kind]


def page(text: str) -> str:
    """Return the page with its tables between their marks replaced."""

    def replaced(match: re.Match[str]) -> str:
        return f"<!-- table: {match[1]} -->\n{table(match[1])}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", replaced, text, flags=re.DOTALL)


def main() -> int:
    """Return 1, with --check, if a file differs."""
    made = {
        PAGE: page(PAGE.read_text("utf-8")),
        SCHEMA: json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
    }
    different = [
        path for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text
    ]
    if sys.argv[1:] == ["--check"]:
        for path in different:
            print(f"{path} is not what inventory/keys.py says; run: make docs", file=sys.stderr)
        return int(bool(different))
    for path in different:
        path.write_text(made[path], "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
