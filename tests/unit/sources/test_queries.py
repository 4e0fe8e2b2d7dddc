from __future__ import annotations

from typing import Any

import pytest

from .samples import problems, raw, source

LDAP = {"type": "ldap", "url": "ldaps://l.example"}
FILE = {"type": "file", "url": None}
COMMAND = {"type": "command", "url": None}
HTTP = {"type": "http", "url": "https://a.example"}


@pytest.mark.parametrize(
    ("kind", "domains"),
    [
        ({}, ["SELECT domain FROM a", "SELECT domain FROM b"]),
        (LDAP, {"filter": "(mail=*)", "domain": ["mail", "alias"], "base": "ou=x", "scope": "one"}),
        (FILE, {"path": "/etc/domains", "pattern": r"(?P<domain>\S+)"}),
        (FILE, {"path": "/etc/domains.json"}),
        (COMMAND, {"command": ["/usr/bin/list", "--json"], "items": "domains"}),
        (HTTP, {"path": "/domains", "domain": "name", "where": {"active": [1, 2]}}),
    ],
)
def test_right(kind: dict[str, Any], domains: Any) -> None:
    listed = domains if isinstance(domains, list) else [domains]
    assert source(**kind, domains=domains).queries == {"domains": tuple(listed)}


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"domains": 5}, "domains: 5 is no SQL; write a SELECT of domain"),
        ({"logins": " "}, 'logins: " " is no SQL; write a SELECT of address, login'),
        (
            {**LDAP, "domains": "(mail=*)"},
            'domains: "(mail=*)" is not a mapping; its keys are base, scope, filter, domain, '
            "provider, display_name, discovery",
        ),
        ({"logins": "ture"}, 'logins: "ture" is no SQL; write a SELECT of address, login'),
        (
            {**LDAP, "domains": {"domain": "mail"}},
            "domains.filter: null is not a filter such as (mail=*)",
        ),
        *(
            (
                {**LDAP, "domains": {"domain": "mail", "filter": text}},
                f'domains.filter: "{text}" is not a filter such as (mail=*)',
            )
            for text in ("mail=*", "(mail=*", "(&(mail=*)(uid=*)")
        ),
        (
            {**LDAP, "domains": {"filter": "(a=b)", "domain": "mail", "base": 5}},
            "domains.base: 5 is no DN",
        ),
        (
            {**LDAP, "domains": {"filter": "(a=b)"}},
            "domains: no domain; name what it is in",
        ),
        (
            {**LDAP, "domains": {"filter": "(a=b)", "domain": "mail", "scope": "all"}},
            'domains.scope: no scope "all"; use one of sub, one, base',
        ),
        (
            {**LDAP, "domains": {"filter": "(a=b)", "domain": []}},
            "domains.domain: [] is not a name, nor a list of names",
        ),
        (
            {**FILE, "domains": {"path": "a", "pattern": "("}},
            'domains.pattern: "(" is none: missing ), unterminated subpattern at position 0',
        ),
        (
            {**FILE, "domains": {"path": "a", "pattern": r"(?P<name>\S+)"}},
            "domains.pattern: no group (?P<domain>…)",
        ),
        (
            {**FILE, "domains": {"path": "a", "pattern": r"(?P<domain>\S+)(?P<x>\S+)"}},
            "domains.pattern: unknown group x; use domain, provider, display_name, discovery",
        ),
        ({**FILE, "domains": {"pattern": "(?P<domain>.)"}}, "domains.path: null is not a path"),
        (
            {**FILE, "domains": {"path": "a", "pattern": "(?P<domain>.)", "separator": ""}},
            'domains.separator: "" is not a text such as ","',
        ),
        (
            {**FILE, "domains": {"path": "a", "separator": ","}},
            'domains: unknown key "separator".',
        ),
        (
            {**FILE, "domains": {"path": "a", "colum": 1}},
            'domains: unknown key "colum".',
        ),
        (
            {**COMMAND, "domains": {"command": "list | cut -f1"}},
            'domains.command: "list | cut -f1" is not a list of a program and its arguments; no '
            "shell reads it",
        ),
        ({**HTTP, "domains": {"path": "a", "where": "active"}},
         'domains.where: "active" is not a mapping of keys to values'),
        ({**HTTP, "domains": {"path": "a", "where": {1: "active"}}},
         'domains.where: {"1": "active"} is not a mapping of keys to values'),
        ({**HTTP, "domains": {"path": "a", "items": ["data"]}},
         'domains.items: ["data"] is no text such as data.list'),
        ({**HTTP, "domains": {"path": "a", "next": True}},
         "domains.next: true is no text such as data.list"),
        ({**HTTP, "domains": {"path": "a?api_key=hunter2"}},
         "domains.path: a password in it; it belongs in autoconfig_sources_secrets alone"),
        *(({**FILE, "domains": {"path": "/a", key: "perhaps"}},
           f'domains.{key}: "perhaps" is neither true nor false') for key in ("optional", "named")),
    ],
)  # fmt: skip
def test_wrong(keys: dict[str, Any], line: str) -> None:
    found = problems(raw(**keys))
    assert f"source customers, {line}" in found
