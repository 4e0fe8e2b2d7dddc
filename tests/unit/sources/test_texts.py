from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.sources.rows import Kind, SourceError
from mail_autoconfig.sources.texts import rows


def read(query: dict[str, Any], content: str | bytes, kind: Kind = "alias_domains") -> list[Any]:
    data = content.encode() if isinstance(content, str) else content
    return [row if kind != "domains" else row[0] for row in rows(kind, query, data)]


PATTERN = {"pattern": r"^(?P<target>\S+)\s+(?P<alias_domain>\S+)"}


def test_groups_of_several_values() -> None:
    pattern = r"^(?P<address>\S+)(?: (?P<target>\S+))?"
    several = {"pattern": pattern, "separator": ","}
    said = "a,b c\nd"
    assert read(several, said, "aliases") == [("a", "c"), ("b", "c"), ("d", None)]
    assert read({"pattern": pattern}, said, "aliases") == [("a,b", "c"), ("d", None)]


def test_lines() -> None:
    assert read(PATTERN, "\ufeffa b\n# c d\nno\r\ne  f") == [("b", "a"), ("f", "e")]


def test_group_that_is_not_there() -> None:
    assert read({"pattern": r"(?P<domain>\S+)(?: (?P<provider>\S+))?"}, "a\nb c", "domains") == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("query", "content", "found"),
    [
        ({"alias_domain": "a", "target": "b"}, '[{"a": "x", "b": "y"}]', [("x", "y")]),
        ({"items": "data.list", "alias_domain": "n.a", "target": "n.b"},
         '{"data": {"list": [{"n": {"a": "x", "b": "y"}}, {}]}}', [("x", "y"), (None, None)]),
        ({"alias_domain": ["a", "c"], "target": "b"}, '[{"a": ["x", "z"], "c": "v", "b": "y"}]',
         [("x", "y"), ("z", "y"), ("v", "y")]),
        ({"alias_domain": "@key", "target": "b"}, '{"x": {"b": "y"}}', [("x", "y")]),
        ({"alias_domain": "a", "target": "a", "where": {"on": 1}},
         '[{"a": "x", "on": 1}, {"a": "y", "on": "1"}, {"a": "z", "on": 0}, {"a": "w"}]',
         [("x", "x"), ("y", "y")]),
        ({"alias_domain": "a", "target": "a", "where": {"on": ["true", "yes"]}},
         '[{"a": "x", "on": true}, {"a": "y", "on": "yes"}, {"a": "z", "on": false}]',
         [("x", "x"), ("y", "y")]),
        ({"alias_domain": "a", "target": "a", "where": {"on": 1}},
         '[{"a": "x", "on": true}, {"a": "y", "on": "True"}, {"a": "z", "on": false}]',
         [("x", "x"), ("y", "y")]),
        ({"alias_domain": "a", "target": "a", "where": {"on": False}},
         '[{"a": "x", "on": true}, {"a": "y", "on": 0}, {"a": "z", "on": "0"}, {"a": "w"}]',
         [("y", "y"), ("z", "z")]),
        ({"alias_domain": "@key", "target": "@key"}, '{"x": 1, "y": null}',
         [("x", "x"), ("y", "y")]),
        ({"alias_domain": "a", "target": "b"}, "{}", []),
    ],
)  # fmt: skip
def test_json(query: dict[str, Any], content: str, found: list[Any]) -> None:
    assert read(query, content) == found


def test_list_of_names() -> None:
    assert read({"items": "domains"}, '{"domains": ["a.example", "b.example"]}', "domains") == [
        "a.example",
        "b.example",
    ]


@pytest.mark.parametrize(
    ("query", "content", "said"),
    [
        (
            PATTERN,
            "bücher".encode("latin-1"),
            "alias_domains: not UTF-8 at octet 1; let the source give UTF-8",
        ),
        ({}, "<html>", "alias_domains: not JSON: "),
        ({}, "[" * 100_000, "alias_domains: not JSON: "),
        ({"items": "a.b"}, '{"a": 5}', "alias_domains: no list at items 'a.b' of the answer"),
        ({}, "5", "alias_domains: no list at items '' of the answer"),
        *(
            (query, '{"type": "error", "msg": "no"}', "alias_domains: no list at items ''")
            for query in ({}, {"alias_domain": "a"}, {"alias_domain": "@key", "target": "b"})
        ),
    ],
)
def test_wrong(query: dict[str, Any], content: str | bytes, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(query, content)
    assert str(caught.value).startswith(said)
