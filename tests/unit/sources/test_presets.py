"""Each preset against what it is for, made from the documented tables, attributes and files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig.sources.preset import presets

from .directory import directory
from .samples import collected, logins, source
from .web import serving

CAMILLE = "camille@one.example"
BOTH = {"camille": CAMILLE, "info": CAMILLE}


@dataclass(frozen=True)
class Case:
    """What a system has, and what has to come of it."""

    script: str
    domains: set[str] = field(default_factory=lambda: {"one.example", "two.example"})
    aliases: Mapping[str, str] = field(default_factory=lambda: {"alias.example": "one.example"})
    logins: Mapping[str, str] = field(default_factory=lambda: BOTH)


# PostfixAdmin's shape, which others have too.
FAMILY = """
CREATE TABLE domain (domain varchar(255), backupmx {flag}, active {flag});
INSERT INTO domain VALUES ('one.example', 0, 1), ('two.example', 0, 1), ('off.example', 0, 0),
    ('backup.example', 1, 1){more};
CREATE TABLE mailbox (username varchar(255), active {flag});
INSERT INTO mailbox VALUES ('camille@one.example', 1), ('gone@one.example', 0);
"""
ALIASES = """
CREATE TABLE alias (address varchar(255), goto text, active {flag});
INSERT INTO alias VALUES ('camille@one.example', 'camille@one.example', 1),
    ('info@one.example', 'camille@one.example', 1),
    ('old@one.example', 'camille@one.example', 0),
    ('out@one.example', 'somebody@elsewhere.example', 1),
    ('lost@one.example', 'gone@one.example', 1),
    ('all@one.example', 'camille@one.example,somebody@elsewhere.example', 1);
"""
ALIAS_DOMAINS = """
CREATE TABLE alias_domain (alias_domain varchar(255), target_domain varchar(255), active {flag});
INSERT INTO alias_domain VALUES ('alias.example', 'one.example', 1),
    ('was.example', 'one.example', 0),
    ('dark.example', 'off.example', 1), ('spare.example', 'backup.example', 1);
"""


def family(*scripts: str, more: str = "", flag: str = "tinyint(1)") -> str:
    return "".join(scripts).replace("{flag}", flag).replace("{more}", more)


SQL = {
    # An alias domain is chosen among the domains, so it is there twice.
    "postfixadmin": Case(
        family(
            FAMILY,
            ALIASES,
            ALIAS_DOMAINS,
            more=", ('ALL', 0, 1), ('alias.example', 0, 1), ('blocked.example', 0, 0), "
            "('second.example', 1, 1)",
        )
        + "INSERT INTO alias_domain VALUES ('blocked.example', 'one.example', 1), "
        "('second.example', 'one.example', 1);"
    ),
    "vimbadmin": Case(family(FAMILY, ALIASES), aliases={}),
    "mailcow": Case(
        family(FAMILY, ALIASES, ALIAS_DOMAINS)
        + "INSERT INTO alias VALUES ('inside@one.example', 'camille@one.example', 2);",
        logins={**BOTH, "inside": CAMILLE},
    ),
    "iredmail": Case(
        family(FAMILY, ALIAS_DOMAINS)
        + """
CREATE TABLE forwardings (address varchar, forwarding varchar, is_alias tinyint, is_list tinyint,
    is_forwarding tinyint, active tinyint);
INSERT INTO forwardings VALUES ('info@one.example', 'camille@one.example', 1, 0, 0, 1),
    ('camille@one.example', 'camille@one.example', 0, 0, 1, 1),
    ('list@one.example', 'camille@one.example', 0, 1, 0, 1),
    ('old@one.example', 'camille@one.example', 1, 0, 0, 0);
"""
    ),
    "modoboa": Case("""
CREATE TABLE admin_domain (id integer, name varchar, type varchar, enabled bool);
INSERT INTO admin_domain VALUES (1, 'one.example', 'domain', 1), (2, 'two.example', 'domain', 1),
    (3, 'relay.example', 'relaydomain', 1), (4, 'off.example', 'domain', 0);
CREATE TABLE admin_domainalias (name varchar, target_id integer, enabled bool);
INSERT INTO admin_domainalias VALUES ('alias.example', 1, 1), ('was.example', 1, 0),
    ('dark.example', 4, 1);
CREATE TABLE admin_mailbox (id integer, address varchar, domain_id integer);
INSERT INTO admin_mailbox VALUES (1, 'camille', 1), (2, 'dominique', 1);
CREATE TABLE admin_alias (id integer, address varchar, enabled bool, internal bool,
    expire_at datetime);
INSERT INTO admin_alias VALUES (1, 'camille@one.example', 1, 1, NULL),
    (2, 'info@one.example', 1, 0, NULL),
    (3, 'late@one.example', 1, 0, '2001-01-01 00:00:00'), (4, 'both@one.example', 1, 0, NULL),
    (5, 'out@one.example', 1, 0, NULL), (6, 'off@one.example', 0, 0, NULL);
CREATE TABLE modoboa_admin_aliasrecipient (id integer, address varchar, alias_id integer,
    r_mailbox_id integer);
INSERT INTO modoboa_admin_aliasrecipient VALUES (1, 'camille@one.example', 1, 1),
    (2, 'camille@one.example', 2, 1), (3, 'camille@one.example', 3, 1),
    (4, 'camille@one.example', 4, 1), (5, 'dominique@one.example', 4, 2),
    (6, 'x@elsewhere.example', 5, NULL), (7, 'camille@one.example', 6, 1);
""", logins={**BOTH, "dominique": "dominique@one.example"}),
    "ispconfig": Case("""
CREATE TABLE mail_domain (domain varchar, active char);
INSERT INTO mail_domain VALUES ('one.example', 'y'), ('two.example', 'y'), ('off.example', 'n');
CREATE TABLE mail_user (email varchar, login varchar, postfix char);
INSERT INTO mail_user VALUES ('camille@one.example', 'web1_camille', 'y'),
    ('off@one.example', 'web1_off', 'n');
CREATE TABLE mail_forwarding (source varchar, destination text, type varchar, active char);
INSERT INTO mail_forwarding VALUES ('@alias.example', '@one.example', 'aliasdomain', 'y'),
    ('@was.example', '@one.example', 'aliasdomain', 'n'),
    ('@dark.example', '@off.example', 'aliasdomain', 'y'),
    ('@lost.example', '@nowhere.example', 'aliasdomain', 'y'),
    ('info@one.example', 'camille@one.example', 'alias', 'y'),
    ('fwd@one.example', 'camille@one.example', 'forward', 'y');
""", logins={"camille": "web1_camille", "info": "web1_camille"}),
    "froxlor": Case("""
CREATE TABLE panel_domains (domain_ace varchar, isemaildomain tinyint, deactivated tinyint);
INSERT INTO panel_domains VALUES ('one.example', 1, 0), ('two.example', 1, 0),
    ('web.example', 0, 0), ('off.example', 1, 1);
CREATE TABLE mail_users (id integer, email varchar, username varchar, postfix char);
INSERT INTO mail_users VALUES (7, 'camille@one.example', 'camille@one.example', 'Y'),
    (8, 'off@one.example', 'off@one.example', 'N');
CREATE TABLE mail_virtual (email_full varchar, destination text, popaccountid integer,
    iscatchall tinyint);
INSERT INTO mail_virtual VALUES ('camille@one.example', 'camille@one.example', 7, 0),
    ('info@one.example', 'camille@one.example', 0, 0), ('off@one.example', 'off@one.example', 8, 0),
    ('any@one.example', 'camille@one.example', 0, 1);
""", aliases={}),
    "plesk": Case("""
CREATE TABLE domains (id integer, name varchar);
INSERT INTO domains VALUES (1, 'one.example'), (2, 'two.example'), (3, 'web.example');
CREATE TABLE DomainServices (dom_id integer, type varchar);
INSERT INTO DomainServices VALUES (1, 'mail'), (1, 'web'), (2, 'mail'), (3, 'web');
CREATE TABLE domain_aliases (name varchar, dom_id integer, mail varchar);
INSERT INTO domain_aliases VALUES ('alias.example', 1, 'true'), ('web-alias.example', 1, 'false');
CREATE TABLE mail (id integer, mail_name varchar, dom_id integer, postbox varchar);
INSERT INTO mail VALUES (1, 'camille', 1, 'true'), (2, 'fwd', 1, 'false');
CREATE TABLE mail_aliases (alias varchar, mn_id integer);
INSERT INTO mail_aliases VALUES ('info', 1), ('other', 2);
"""),
}  # fmt: skip


def test_each_preset_is_tested() -> None:
    by_type = {
        kind: {name for name, preset in presets().items() if kind in preset.queries}
        for kind in ("sql", "ldap", "http", "file", "command")
    }
    assert by_type["sql"] == set(SQL)
    assert by_type["ldap"] == set(LDAP)
    assert by_type["http"] == {"mailcow"}
    assert by_type["file"] == set(FILES)
    assert by_type["command"] == set()


@pytest.mark.parametrize("name", presets())
def test_preset_says_of_which_version_it_is(name: str) -> None:
    preset = presets()[name]
    assert preset.title
    assert preset.version
    assert preset.source.startswith("https://")


def check(case: Case, name: str, **keys: Any) -> None:
    found = collected(source(preset=name, domains=None, logins=bool(case.logins), **keys))
    assert set(found.domains) == case.domains | set(case.aliases)
    assert found.alias_of == dict(case.aliases)
    # An alias domain has those of its target.
    assert logins(found) == dict.fromkeys(
        ["one.example", *case.aliases] * bool(case.logins), case.logins
    )
    assert (found.left_out, found.lines) == ({}, [])


@pytest.mark.parametrize("name", SQL)
def test_sql(name: str, tmp_path: Path) -> None:
    path = tmp_path / "system.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SQL[name].script)
    check(SQL[name], name, url=f"sqlite:///{path}")


@pytest.mark.parametrize("flag", ["boolean", "tinyint(1)", "int"])
def test_postfixadmin_with_each_type_of_flag(flag: str, tmp_path: Path) -> None:
    path = tmp_path / "system.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(family(FAMILY, ALIASES, ALIAS_DOMAINS, flag=flag))
    check(SQL["postfixadmin"], "postfixadmin", url=f"sqlite:///{path}")


LDAP: dict[str, tuple[Case, list[dict[str, Any]]]] = {
    "iredmail": (
        Case("", logins=BOTH),
        [
            {"objectClass": "mailDomain", "accountStatus": "active", "domainName": "one.example",
             "enabledService": ["mail", "domainalias"], "domainAliasName": ["alias.example"]},
            {"objectClass": "mailDomain", "accountStatus": "active", "domainName": "two.example",
             "enabledService": ["mail"], "domainAliasName": ["unused.example"]},
            {"objectClass": "mailDomain", "accountStatus": "disabled", "domainName": "off.example",
             "enabledService": ["mail"]},
            {"objectClass": "mailDomain", "accountStatus": "active", "domainName": "mx.example",
             "enabledService": ["mail"], "domainBackupMX": "yes"},
            {"objectClass": "mailUser", "accountStatus": "active", "mail": "camille@one.example",
             "enabledService": ["mail", "shadowaddress"], "shadowAddress": ["info@one.example"]},
            {"objectClass": "mailUser", "accountStatus": "disabled", "mail": "off@one.example",
             "enabledService": ["mail"]},
        ],
    ),
    "openldap": (
        Case("", aliases={}, logins={"camille": "cdoe", "info": "cdoe"}),
        [
            {"objectClass": ["inetOrgPerson", "inetLocalMailRecipient"], "uid": "cdoe",
             "mailLocalAddress": ["camille@one.example", "info@one.example"]},
            {"objectClass": ["inetOrgPerson"], "uid": "other", "mail": "other@elsewhere.example"},
            {"objectClass": ["qmailUser"], "uid": "dom", "mail": "dom@two.example",
             "mailAlternateAddress": ["d@two.example"], "accountStatus": "active"},
            {"objectClass": ["qmailUser"], "uid": "off", "mail": "off@off.example",
             "accountStatus": "disabled"},
        ],
    ),
    "active_directory": (
        Case("", aliases={}, logins={"camille": "cdoe@corp.example", "info": "cdoe@corp.example"}),
        [
            {"objectClass": ["user", "person"], "objectCategory": "person",
             "userAccountControl": 512, "mail": "camille@one.example",
             "userPrincipalName": "cdoe@corp.example",
             "proxyAddresses": ["SMTP:camille@one.example", "smtp:info@one.example",
                                "X500:/o=Corp/cn=cdoe", "sip:camille@sip.example"]},
            {"objectClass": ["user", "person"], "objectCategory": "person",
             "userAccountControl": 512, "userPrincipalName": "d@corp.example",
             "proxyAddresses": ["smtp:d@two.example"]},
            {"objectClass": ["group"], "objectCategory": "group", "mail": "all@group.example"},
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LDAP)
def test_ldap(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case, entries = LDAP[name]
    directory(monkeypatch, entries)
    found = collected(
        source(type="ldap", url="ldaps://x/dc=test", preset=name, domains=None, logins=True)
    )
    assert set(found.domains) == case.domains | set(case.aliases)
    assert found.alias_of == dict(case.aliases)
    assert logins(found)["one.example"] == case.logins


MAILCOW = {
    "/api/v1/get/domain/all": [
        {"domain_name": "one.example", "active": 1, "backupmx": 0},
        {"domain_name": "two.example", "active": "1", "backupmx": "0"},
        {"domain_name": "off.example", "active": 0, "backupmx": 0},
        {"domain_name": "mx.example", "active": 1, "backupmx": 1},
    ],
    "/api/v1/get/alias-domain/all": [
        {"alias_domain": "alias.example", "target_domain": "one.example", "active": 1},
        {"alias_domain": "was.example", "target_domain": "one.example", "active": 0},
    ],
    "/api/v1/get/mailbox/all": [{"username": "camille@one.example", "active": 1}],
    "/api/v1/get/alias/all": [
        {"address": "info@one.example", "goto": "camille@one.example", "active": 2},
        {"address": "all@one.example", "goto": "camille@one.example,x@y.example", "active": 1},
        {"address": "@one.example", "goto": "camille@one.example", "active": 1},
        {"address": "off@one.example", "goto": "camille@one.example", "active": 0},
    ],
}


def test_http() -> None:
    answers = {path: (200, json.dumps(each)) for path, each in MAILCOW.items()}
    with serving(answers) as (url, asked):
        found = collected(
            source(type="http", url=url, preset="mailcow", domains=None, logins=True),
            {"token": "k3y"},
        )
    assert set(found.domains) == {"one.example", "two.example", "alias.example"}
    assert found.alias_of == {"alias.example": "one.example"}
    assert logins(found) == {"one.example": BOTH, "alias.example": BOTH}
    assert {each.get("x-api-key") for each in asked} == {"k3y"}


def test_http_alias_of_a_domain_that_is_switched_off() -> None:
    """The API has no way to ask for the two together."""
    answers = {path: (200, json.dumps(each)) for path, each in MAILCOW.items()}
    alias = {"alias_domain": "dark.example", "target_domain": "off.example", "active": 1}
    answers["/api/v1/get/alias-domain/all"] = (200, json.dumps([alias]))
    with serving(answers) as (url, _asked):
        found = collected(source(type="http", url=url, preset="mailcow", domains=None))
    assert set(found.domains) == {"one.example", "two.example"}
    assert found.left_out == {
        "dark.example": "an alias of off.example, which this source does not have"
    }


def test_http_without_alias_domains() -> None:
    """The API says "{}" in place of an empty list."""
    answers = {path: (200, json.dumps(each)) for path, each in MAILCOW.items()}
    answers["/api/v1/get/alias-domain/all"] = (200, "{}")
    with serving(answers) as (url, _asked):
        found = collected(source(type="http", url=url, preset="mailcow", domains=None))
    assert set(found.domains) == {"one.example", "two.example"}


HESTIA = "DOMAIN='{0}' ANTIVIRUS='no' ACCOUNTS='1' SUSPENDED='{1}' TIME='10:00:00'\n"
MAILBOX = (
    "ACCOUNT='{0}' ALIAS='{1}' AUTOREPLY='no' FWD='x@y.example' FWD_ONLY='' MD5='{{MD5}}$1$x' "
    "QUOTA='unlimited' U_DISK='0' SUSPENDED='{2}' TIME='10:00:00' DATE='2026-01-01'\n"
)
FILES: dict[str, tuple[Case, dict[str, str]]] = {
    "docker-mailserver": (
        Case("", aliases={}, domains={"one.example", "two.example", "three.example"}),
        {
            "postfix-accounts.cf": "camille@one.example|{SHA512-CRYPT}$6$x|\n"
            "d@two.example|{SHA512-CRYPT}$6$y\n",
            "postfix-virtual.cf": "# a remark\ninfo@one.example camille@one.example\n"
            "chain@one.example info@one.example,x@y.example\n@three.example camille@one.example\n",
        },
    ),
    "cpanel": (Case("", aliases={}, logins={}), {"localdomains": "one.example\ntwo.example\n"}),
    "directadmin": (Case("", aliases={}, logins={}), {"domains": "one.example\ntwo.example\n"}),
    "hestiacp": (
        Case(
            "",
            aliases={},
            logins=BOTH | {"help": "camille@one.example", "d": "d@one.example"},
        ),
        {
            "users/anna/mail.conf": HESTIA.format("one.example", "no")
            + HESTIA.format("off.example", "yes"),
            "users/anna/mail/one.example.conf": MAILBOX.format("camille", "info,help", "no")
            + MAILBOX.format("d", "", "no")
            + MAILBOX.format("off", "was", "yes"),
            "users/anna/mail/off.example.conf": MAILBOX.format("camille", "info", "no"),
            "users/ben/mail.conf": HESTIA.format("two.example", "no"),
        },
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, files = FILES[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    # Paths of the system are below the directory of the test.
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *rest: real(below(path, tmp_path), *rest))
    found = collected(
        source(
            type="file",
            url=None,
            path=str(tmp_path),
            preset=name,
            domains=None,
            logins=bool(case.logins),
        )
    )
    assert set(found.domains) == case.domains
    if case.logins:
        assert logins(found)["one.example"] == case.logins


def below(path: Path, directory: Path) -> Path:
    return path if path.is_relative_to(directory) else directory / path.name


def test_docker_mailserver_without_aliases(tmp_path: Path) -> None:
    (tmp_path / "postfix-accounts.cf").write_text("camille@one.example|x\n")
    keys = {"type": "file", "url": None, "path": str(tmp_path), "domains": None, "logins": True}
    found = collected(source(preset="docker-mailserver", **keys))
    assert set(found.domains) == {"one.example"}
