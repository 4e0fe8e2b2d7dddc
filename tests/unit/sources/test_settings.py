from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.sources.settings import Source, load, parse

from .samples import problems, raw, source


def test_defaults() -> None:
    assert source() == Source(
        name="customers",
        type="sql",
        queries={"domains": ("SELECT domain FROM domain",)},
        url="sqlite:////nowhere.db",
        domain={"discovery": "srv", "provider": "acme"},
        token_header="Authorization",
    )


def test_text_of_plays_is_typed() -> None:
    found = source(every="120", limit="5", shrink="0.5", tls="false", logins="false")
    assert (found.every, found.limit, found.shrink, found.tls) == (120, 5, 0.5, False)
    assert not found.logins


def test_preset_and_own_query_together() -> None:
    found = source(preset="postfixadmin", domains="SELECT name FROM mine", logins=True)
    assert found.queries["domains"] == ("SELECT name FROM mine",)
    assert set(found.queries) == {"domains", "alias_domains", "logins"}


def test_log_in_names_are_asked_for() -> None:
    assert set(source(preset="postfixadmin").queries) == {"domains", "alias_domains"}
    assert source(logins="SELECT a, b FROM c").logins


def test_key_of_a_preset() -> None:
    found = source(type="http", url="https://m.example", preset="mailcow", domains=None)
    assert found.token_header == "X-API-Key"


SECRET = "hunter2"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "name": (
        {"name": "Customers!"},
        'autoconfig_sources: "Customers!" is not the name of a source; use up to 40 lower-case '
        "letters, digits, _ and -",
    ),
    "type": (
        {"type": "sqll"},
        'source customers, type: no type "sqll"; use one of sql, ldap, http, file, command',
    ),
    "key": (
        {"evry": 5},
        'source customers: unknown key "evry"; did you mean "every"?',
    ),
    "secret": (
        {"password": SECRET},
        "source customers, password: not here, where many read it; write it to "
        "autoconfig_sources_secrets",
    ),
    "every": ({"every": 5}, "source customers, every: 5 is not a number from 10 to 86400"),
    "shrink": (
        {"shrink": 2},
        "source customers, shrink: 2 is not a share from 0 to 1, such as 0.33",
    ),
    "shrink as truth": (
        {"shrink": True},
        "source customers, shrink: true is not a share from 0 to 1, such as 0.33",
    ),
    "preset": (
        {"preset": "postfixadmn"},
        'source customers, preset: no preset "postfixadmn"; did you mean "postfixadmin"? There '
        "are: active_directory, cpanel, directadmin, docker-mailserver, froxlor, hestiacp, "
        "iredmail, ispconfig, mailcow, modoboa, openldap, plesk, postfixadmin, vimbadmin",
    ),
    "preset of another type": (
        {"preset": "openldap"},
        "source customers, preset: openldap is not for type sql; use type ldap",
    ),
    "nothing to ask": (
        {"domains": None},
        "source customers: neither preset nor domains; say what the domains are",
    ),
    "an empty list": (
        {"domains": []},
        "source customers: neither preset nor domains; say what the domains are",
    ),
    "aliases alone": (
        {"aliases": "SELECT a, b FROM c"},
        "source customers, aliases: no effect without logins; write logins: true or a query",
    ),
    "preset of files without their directory": (
        {"type": "file", "url": None, "preset": "docker-mailserver", "domains": None},
        'source customers, path: write the directory of "postfix-accounts.cf", from / on',
    ),
    "relative path": (
        {"type": "file", "url": None, "path": "etc", "domains": {"path": "vhosts"}},
        'source customers, path: write the directory of "vhosts", from / on',
    ),
    "no log-in names": (
        {"logins": True},
        "source customers, logins: nothing says what they are; write a query in place of true",
    ),
    "key of another type": (
        {"token_header": "X-Key"},
        "source customers, token_header: no effect with type sql; it is for http",
    ),
    "header": (
        {"type": "http", "url": "https://a.example", "preset": "mailcow", "domains": None,
         "token_header": "X Key"},
        'source customers, token_header: "X Key" is not the name of a header',
    ),
    "domain": (
        {"domain": "acme"},
        'source customers, domain: "acme" is not a mapping such as {provider: acme_mail}',
    ),
    "key of the domain": (
        {"domain": {"providr": "acme"}},
        'source customers, domain: unknown key "providr"; did you mean "provider"?',
    ),
    "name of the domain": (
        {"domain": {"usernames": {}}},
        'source customers, domain: unknown key "usernames"; did you mean "username"?',
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong(wrong: str) -> None:
    keys, line = WRONG[wrong]
    assert problems(raw(**keys)) == [line]
    assert SECRET not in line


def test_all_problems_at_once() -> None:
    assert (
        len(problems(raw(every=1, shrink=9), raw(name="b", type="x"), "postgres://u:pw@h/d")) == 4
    )


def test_problem_of_a_source_hides_none_of_one_whose_name_begins_so() -> None:
    assert problems(raw(name="customers2", every=1), raw(domains=None)) == [
        "source customers2, every: 1 is not a number from 10 to 86400",
        "source customers: neither preset nor domains; say what the domains are",
    ]


def test_text_in_place_of_a_source_is_not_shown() -> None:
    assert problems(f"postgresql://u:{SECRET}@h/d") == [
        "autoconfig_sources: an entry is not a mapping; write {name: customers, type: sql, url: …}"
    ]


def test_two_of_one_name() -> None:
    assert problems(raw(), raw()) == [
        "autoconfig_sources: customers is there twice; give each source a name of its own"
    ]


def test_no_list() -> None:
    with pytest.raises(ConfigurationError, match="not a list of sources"):
        parse({"name": "customers"})


def test_no_source_is_right() -> None:
    assert parse([]) == ()


def test_load(tmp_path: Path) -> None:
    path = tmp_path / "sources.json"
    path.write_text(json.dumps({"sources": [raw()]}))
    assert load(path) == (source(),)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{", "not JSON: "), (b'"\xff"', "not UTF-8 at byte 1"), (None, "can't be read")],
)
def test_file_that_is_none(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "sources.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        load(path)


def test_standard_library_alone(tmp_path: Path) -> None:
    path = tmp_path / "sources.json"
    path.write_text(json.dumps({"sources": [raw(preset="postfixadmin")]}))
    package = Path(__file__).parents[3] / "src"
    command = [sys.executable, "-S", "-m", "mail_autoconfig", "sources", "check", str(path)]
    subprocess.run(command, check=True, env={"PYTHONPATH": str(package)})
