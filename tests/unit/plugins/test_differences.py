from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

MANY = [{"name": f"d{number}.test", "provider": "gandi"} for number in range(9)]


def lines(before: str, after: str) -> list[str]:
    module = importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.differences"
    )
    return list(module.lines(before, after))


def domains(*listed: dict[str, Any], **more: Any) -> str:
    return json.dumps({"domains": listed} | more)


def test_domains_that_come_and_go() -> None:
    gone, *kept = MANY
    new = {"name": "new.test", "servers": [{"type": "imap", "host": "mail.new.test"}]}
    assert lines(domains(gone, *kept), domains(new, *kept)) == [
        "-domains: d0.test",
        "+domains: new.test",
    ]
    assert lines(domains(*MANY), domains(*reversed(MANY))) == []


def test_domain_that_changes() -> None:
    servers = [{"type": "imap", "host": "a.test"}, {"type": "smtp", "host": "a.test"}]
    before = MANY[0] | {"servers": servers, "old": 1}
    after = MANY[0] | {"provider": "ovh", "servers": servers[1:], "srv": True}
    assert lines(domains(before, *MANY[1:]), domains(after, *MANY[1:])) == [
        '-domains: d0.test: provider: "gandi"',
        '+domains: d0.test: provider: "ovh"',
        '-domains: d0.test: servers: {"type": "imap", "host": "a.test"}',
        "-domains: d0.test: old: 1",
        "+domains: d0.test: srv: true",
    ]


def test_what_is_not_a_domain() -> None:
    logo = "data:" + "A" * 500
    assert lines(domains(generic_host="a.test"), domains(page={"logo": logo})) == [
        '-generic_host: "a.test"',
        "+page",
    ]
    (_gone, come) = lines(domains(page={"logo": "x"}), domains(page={"logo": logo}))
    assert come.startswith('+page: logo: "data:AAA')
    assert len(come) < 130
    twice = [{"name": "a.test"}, {"name": "a.test"}]
    assert lines(domains(*twice), domains(*twice[1:])) == ['-domains: {"name": "a.test"}']


def test_assignment_of_names() -> None:
    before = {"one": {"a.test": ["x.a.test"], "b.test": ["x.b.test"]}, "two": {"c.test": []}}
    after = {"one": {"a.test": ["x.a.test"]}, "two": {"c.test": [], "d.test": ["x.d.test"]}}
    assert lines(json.dumps(before), json.dumps(after)) == ["-one: b.test", "+two: d.test"]
    assert lines("", json.dumps({"one": {"a.test": []}})) == ["+one"]


@pytest.mark.parametrize("last", ["", "\n"])
def test_lines_of_any_other_text(last: str) -> None:
    server = 'server {{\n  server_name {};\n  return 200 "{}";\n}}\n'
    before = server.format("a.test", "old") + server.format("b.test", "old") + last
    after = server.format("b.test", "new") + server.format("c.test", "new")
    assert [each for each in lines(before, after) if each != "-"] == [
        "-  server_name a.test;",
        '-  return 200 "old";  (2 times)',
        '+  return 200 "new";  (2 times)',
        "+  server_name c.test;",
    ]
