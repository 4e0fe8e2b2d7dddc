from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.answers import autoconfig, autodiscover
from mail_autoconfig.answers.pieces import joined, piece, split
from mail_autoconfig.inventory.addresses import parse as address
from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.inventory.read import parse


def test_equal_pieces_are_filled_in_once() -> None:
    asked: list[tuple[str, str]] = []

    def fill(kind: str, pattern: str) -> str:
        asked.append((kind, pattern))
        return pattern.upper()

    pieces = split(f"<{piece('x', 'one')}><{piece('x', 'two')}><{piece('x', 'one')}>")
    assert joined(pieces, fill) == b"<ONE><TWO><ONE>"
    assert sorted(asked) == [("x", "one"), ("x", "two")]


def test_an_answer_without_pieces_is_itself() -> None:
    assert joined(split("<x/>"), lambda _kind, pattern: pattern) == b"<x/>"


class Counted:
    """A template that counts what it renders."""

    def __init__(self, template: Any) -> None:
        self.template = template
        self.rendered = 0

    def render(self, **values: Any) -> str:
        self.rendered += 1
        result: str = self.template.render(**values)
        return result


SERVERS = [
    {"type": "imap", "host": "imap.{domain}"},
    {"type": "smtp", "host": "smtp.example.net"},
]


def many() -> Configuration:
    """More domains of one provider than a cache has places, in two ways of writing a name."""
    listed = [{"name": f"d{number}.Bücher.example", "provider": "own"} for number in range(1500)]
    return parse({"providers": {"own": {"servers": SERVERS}}, "domains": listed})


@pytest.mark.parametrize(
    ("module", "name"), [(autoconfig, "_template"), (autodiscover, "_settings")]
)
def test_domains_of_a_provider_cost_one_rendering(
    module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(getattr(module, name))
    monkeypatch.setattr(module, name, counted)
    for domain in [*many().domains.values()] * 2:
        answer = module.render(domain, address(f"user@{domain.name}"))
        assert f"imap.{domain.name}<".encode() in answer
        assert b"smtp.example.net<" in answer
    assert counted.rendered == 1


def test_each_domain_has_its_own_names() -> None:
    for domain in many().domains.values():
        answer = autoconfig.render(domain).decode()
        assert f'<emailProvider id="{domain.name}">' in answer
        assert f"<displayName>{domain.display_name}<" in answer
        assert f"<displayShortName>{domain.short_name}<" in answer
