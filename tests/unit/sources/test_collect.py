from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from mail_autoconfig.inventory.names import LONGEST
from mail_autoconfig.sources.collect import Collected, collect
from mail_autoconfig.sources.rows import COLUMNS, Kind, Query, Row, SourceError

from .samples import logins, source

ALL = dict.fromkeys(("alias_domains", "logins", "aliases"), "TABLE x")


def given(limit: int = 100, keys: Mapping[str, Any] = ALL, **rows: Sequence[Any]) -> Collected:
    """What comes of these rows; one that is short is filled up."""

    def ask(kind: Kind, _query: Query) -> Iterator[Row]:
        for row in rows.get(kind, ()):
            cells = row if isinstance(row, tuple) else (row,)
            yield (*cells, *[None] * (len(COLUMNS[kind]) - len(cells)))

    return collect(source(limit=limit, **keys), ask)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        (" example.com ", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("camille@example.com", "example.com"),
        ("@example.com", "example.com"),
        (b"example.com", "example.com"),
        (memoryview("bücher.example".encode()), "xn--bcher-kva.example"),
    ],
)
def test_domain(text: Any, name: str) -> None:
    found = given(domains=[text])
    assert (list(found.domains), found.left_out) == ([name], {})


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        (None, "null", "nothing there (NULL), or no text"),
        ("", "null", "nothing there (NULL), or no text"),
        (True, "null", "nothing there (NULL), or no text"),
        ("a\nb.example", "a\\nb.example", "control characters; correct it at its source"),
        ("a\u2028b.example", "a?b.example", "control characters; correct it at its source"),
        ("localhost", "localhost", "not a domain such as example.com"),
        ("1", "1", "not a domain such as example.com"),
        (7, "7", "not a domain such as example.com"),
        ("*", "*", "not a domain such as example.com"),
        ("<script>.example", "<script>.example", "not a domain such as example.com"),
        ("xn--a.example", "xn--a.example",
         "label xn--a: there is no such A-label; write the name in its own letters"),
        (".".join(["a" * 60] * 4), None,
         f"longer than {LONGEST} octets: no room for autodiscover. before it"),
    ],
)  # fmt: skip
def test_what_is_no_domain_is_left_out_by_name(text: Any, shown: str | None, why: str) -> None:
    found = given(domains=[text, "good.example"])
    assert list(found.domains) == ["good.example"]
    assert found.count == 1
    ((name, reason),) = found.left_out.items()
    assert reason == why
    assert shown is None or name == shown


def test_very_many_are_counted() -> None:
    found = given(limit=5000, domains=[f"bad{number}" for number in range(2000)])
    assert (len(found.left_out), found.count) == (1000, 2000)


def test_what_a_source_says_of_a_domain() -> None:
    found = given(domains=[("a.example", "acme", None, ""), ("b.example", None, "Bé", "srv")])
    assert found.domains == {
        "a.example": {"provider": "acme"},
        "b.example": {"display_name": "Bé", "discovery": "srv"},
    }


def test_columns_of_a_fixed_width() -> None:
    """CHAR(20) is filled with spaces, in PostgreSQL and Oracle; a blank name is none."""
    found = given(
        domains=[("a.example   ", "acme      ", "  ", b"srv  ")],
        logins=[("camille.doe@a.example   ", "camille   ")],
    )
    assert found.domains == {"a.example": {"provider": "acme", "discovery": "srv"}}
    assert list(found.logins) == ["a.example\tcamille.doe\tcamille"]


def test_twice_is_once() -> None:
    assert given(domains=["a.example", "A.example", "x@a.example"]).left_out == {}
    found = given(domains=[("a.example", "acme"), ("a.example", "gandi")])
    assert found.domains == {"a.example": {"provider": "acme"}}
    assert found.left_out == {"a.example": "given twice, with other values; the first are taken"}


def test_alias_domain_is_as_its_target() -> None:
    found = given(
        domains=[("one.example", "acme")],
        alias_domains=[
            ("Alias.example", "one.EXAMPLE"),
            ("@at.example", "@one.example"),
            ("one.example",) * 2,
        ],
    )
    assert found.alias_of == {"alias.example": "one.example", "at.example": "one.example"}
    assert found.domains["alias.example"] == {"provider": "acme"}


def test_alias_domain_of_an_alias_domain() -> None:
    found = given(
        domains=["one.example"],
        alias_domains=[
            ("first.example", "second.example"),
            ("second.example", "one.example"),
            ("r1.example", "r2.example"),
            ("r2.example", "r1.example"),
        ],
    )
    assert found.alias_of == {"first.example": "one.example", "second.example": "one.example"}
    assert sorted(found.left_out) == ["r1.example", "r2.example"]


def test_alias_domain_that_leads_nowhere_is_named() -> None:
    found = given(domains=["one.example"], alias_domains=[("z.example", "gone.example")])
    assert list(found.domains) == ["one.example"]
    assert found.left_out == {
        "z.example": "an alias of gone.example, which this source does not have"
    }


def test_domain_of_its_own_stays_where_its_target_is_gone() -> None:
    found = given(domains=["z.example"], alias_domains=[("z.example", "gone.example")])
    assert (list(found.domains), found.alias_of, found.left_out) == (["z.example"], {}, {})


def test_limit() -> None:
    rows = ["a.example", "b.example"]
    assert len(given(2, domains=rows).domains) == 2
    with pytest.raises(SourceError, match="over 1 rows; set limit to more, if that is right"):
        given(1, domains=rows)
    with pytest.raises(SourceError, match="over 2 rows"):  # of all queries together
        given(2, domains=rows, logins=[("x@a.example", "x")])


def test_no_more_is_read_than_the_limit() -> None:
    def ask(_kind: Kind, _query: Query) -> Iterator[Row]:
        yield from (("a.example", None, None, None) for _ in range(2))
        raise AssertionError

    with pytest.raises(SourceError, match="over 1 rows"):
        collect(source(limit=1), ask)


def test_log_in_names() -> None:
    found = given(
        domains=["a.example", "b.example"],
        logins=[
            ("Camille.Doe@A.example", "camille"),
            ("info@b.example", "Info"),
            ("u@b.example", 1001),
            ("n@b.example", Decimal(1002)),
            ("o@b.example", UUID(int=1)),
            ("@a.example", "catch-all"),
            ("x@elsewhere.example", "x"),
        ],
    )
    assert logins(found) == {
        "a.example": {"camille.doe": "camille"},
        "b.example": {"info": "Info", "u": "1001", "n": "1002", "o": str(UUID(int=1))},
    }
    assert found.lines == []


def test_log_in_names_that_are_wrong_are_counted_and_not_named() -> None:
    found = given(
        domains=["a.example"],
        logins=[
            ("a@a.example", None),
            ("b@a.example", "x\ny"),
            ("c", "c"),
            ("d@bad name", "d"),
            ("e@a.example", "one"),
            ("e@a.example", "two"),
            (f"{'f' * 245}@a.example", "f"),
            ("g@a.example", "g" * 1001),
            (f"{'h' * 244}@a.example", "h" * 1000),
        ],
    )
    assert logins(found) == {"a.example": {"e": "one", "h" * 244: "h" * 1000}}
    assert sorted(found.lines) == [
        "1 log-in names left out: a second one of an address; the first in order is taken",
        "1 log-in names left out: control characters",
        "1 log-in names left out: nothing there, or no text",
        "2 log-in names left out: not an address",
        "2 log-in names left out: too long for an address or a log-in name",
    ]


def test_aliases_lead_to_mailboxes() -> None:
    found = given(
        domains=["a.example"],
        logins=[("camille@a.example", "cdoe"), ("anna@a.example", "anna")],
        aliases=[
            ("info@a.example", "Camille@a.example"),
            ("hello@a.example", "info@a.example"),
            ("out@a.example", "x@elsewhere.example"),
            ("list@a.example", "camille@a.example,x@y.example"),
            ("r1@a.example", "r2@a.example"),
            ("r2@a.example", "r1@a.example"),
            ("camille@a.example", "anna@a.example"),  # a mailbox that forwards
        ],
    )
    assert logins(found) == {
        "a.example": {"anna": "anna", "camille": "cdoe", "info": "cdoe", "hello": "cdoe"}
    }


def test_list_that_has_a_row_for_each_target_leads_to_no_mailbox() -> None:
    mailboxes = [("camille@a.example", "cdoe"), ("anna@a.example", "anna")]
    lists = [
        ("all@a.example", "anna@a.example"),
        ("all@a.example", "camille@a.example"),
        ("All@A.example", "camille@a.example"),
        ("out@a.example", "x@elsewhere.example"),
        ("out@a.example", "camille@a.example"),
    ]
    twice = [("info@a.example", "camille@a.example"), ("INFO@a.example", "Camille@a.example")]
    found = given(domains=["a.example"], logins=mailboxes, aliases=lists + twice)
    assert logins(found) == {"a.example": {"anna": "anna", "camille": "cdoe", "info": "cdoe"}}


@pytest.mark.parametrize("written", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example."])
def test_aliases_of_a_name_that_is_written_otherwise(written: str) -> None:
    found = given(
        domains=["bücher.example"],
        logins=[("camille@bücher.example", "cdoe")],
        aliases=[(f"info@{written}", f"camille@{written}")],
    )
    assert logins(found) == {"xn--bcher-kva.example": {"camille": "cdoe", "info": "cdoe"}}


def test_alias_domain_has_the_log_in_names_of_its_target_and_its_own() -> None:
    found = given(
        domains=["a.example", "b.example"],
        alias_domains=[("z.example", "a.example")],
        logins=[
            ("c@a.example", "c1"),
            ("d@a.example", "d1"),
            ("c@z.example", "c2"),
            ("e@b.example", "e1"),
        ],
    )
    assert logins(found) == {
        "a.example": {"c": "c1", "d": "d1"},
        "b.example": {"e": "e1"},
        "z.example": {"c": "c2", "d": "d1"},
    }


def test_log_in_names_are_not_asked_for_unless_wanted() -> None:
    assert given(keys={}, domains=["a.example"], logins=[("c@a.example", "c1")]).logins == []


def test_text_that_is_not_utf_8() -> None:
    with pytest.raises(SourceError, match="text that is not UTF-8; let the source give UTF-8"):
        given(domains=["bücher.example".encode("latin-1")])
