from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mail_autoconfig.imports.automx2 import database_of, read_database, read_json
from mail_autoconfig.imports.draft import SourceError

from .ends import by_config, inventory, rendered

USER = "anna@example.com"
# The tables of automx2, with the columns that are read.
TABLES = """
CREATE TABLE provider (id INTEGER PRIMARY KEY, name VARCHAR, short_name VARCHAR);
CREATE TABLE domain (id INTEGER PRIMARY KEY, name VARCHAR, provider_id INTEGER,
    ldapserver_id INTEGER);
CREATE TABLE server (id INTEGER PRIMARY KEY, prio INTEGER, name VARCHAR, port INTEGER,
    type VARCHAR, socket_type VARCHAR, user_name VARCHAR, authentication VARCHAR);
CREATE TABLE server_domain (server_id INTEGER, domain_id INTEGER);
INSERT INTO provider VALUES (1, 'Big Mail', 'Big'), (2, 'Other', 'Oth');
INSERT INTO domain VALUES (1, 'example.com', 1, NULL), (2, 'example.net', 1, NULL),
    (3, 'example.org', 2, 7), (4, 'nothing.example', 2, NULL);
INSERT INTO server VALUES
    (1, 20, 'second.example.com', 993, 'imap', 'SSL', '%EMAILADDRESS%', 'plain'),
    (2, 10, 'imap.example.com', 143, 'imap', 'STARTTLS', '%EMAILADDRESS%', 'plain'),
    (3, 10, 'smtp.example.com', 587, 'smtp', 'STARTTLS', '%EMAILADDRESS%', 'plain'),
    (4, 10, 'pop.example.org', 995, 'pop', 'SSL', '%EMAILLOCALPART%', 'password-encrypted'),
    (5, 10, 'x.example.org', 1, 'INVALID', 'SSL', '', 'plain');
INSERT INTO server_domain VALUES (1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 2), (3, 3), (4, 3),
    (5, 3);
"""
DAV = """
CREATE TABLE davserver (id INTEGER PRIMARY KEY, url VARCHAR, port INTEGER, type VARCHAR,
    use_ssl BOOLEAN, domain_required BOOLEAN, user_name VARCHAR);
CREATE TABLE davserver_domain (davserver_id INTEGER, domain_id INTEGER);
INSERT INTO davserver VALUES
    (1, 'http://dav.example.com/%EMAILADDRESS%/', 8443, 'caldav', 0, 0, '%EMAILADDRESS%');
INSERT INTO davserver_domain VALUES (1, 1);
"""
# What automx2 answers to anna@example.com, by prio.
CONFIG = b"""<clientConfig version="1.1"><emailProvider id="automx2-1">
<domain>example.com</domain><displayName>Big Mail</displayName>
<incomingServer type="imap"><hostname>imap.example.com</hostname><port>143</port>
<socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username>
<authentication>plain</authentication></incomingServer>
<incomingServer type="imap"><hostname>second.example.com</hostname><port>993</port>
<socketType>SSL</socketType><username>%EMAILADDRESS%</username>
<authentication>plain</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.example.com</hostname><port>587</port>
<socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username>
<authentication>plain</authentication></outgoingServer></emailProvider></clientConfig>"""


def database(directory: Path, script: str = TABLES) -> Path:
    path = directory / "db.sqlite"
    with closing(sqlite3.connect(path)) as opened:
        opened.executescript(script)
    return path


def test_round_trip(tmp_path: Path) -> None:
    imported = inventory(read_database(database(tmp_path)))
    assert by_config(rendered(imported, USER)[0], USER) == by_config(CONFIG, USER)
    assert imported.domains["example.com"].display_name == "Big Mail"
    assert imported.domains["example.com"].settings is imported.domains["example.net"].settings


def test_what_can_not_be_taken_over_is_said(tmp_path: Path) -> None:
    source = read_database(database(tmp_path))
    assert source.left == (
        "server of type INVALID: no such service here",
        "example.org: log-in names from LDAP; taken is the pattern beside it",
        "nothing.example: no server, so the domain is left out",
    )
    (pop,) = [
        s for s in inventory(source).domains["example.org"].settings.servers if s.type == "pop3"
    ]
    assert (pop.username, pop.authentication) == ("{localpart}", ("password_encrypted",))


def test_calendars(tmp_path: Path) -> None:
    source = read_database(database(tmp_path, TABLES + DAV))
    (web,) = inventory(source).domains["example.com"].settings.web_servers
    assert web.url == "https://dav.example.com:8443/{email}/"
    assert [line for line in source.left if "without TLS; taken as https" in line]


def test_database_is_only_read(tmp_path: Path) -> None:
    path = database(tmp_path)
    before = path.read_bytes()
    read_database(path)
    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]


def test_json() -> None:
    """What it leaves open, automx2 chooses."""
    source = read_json(
        {
            "provider": "Example Inc.",
            "domains": ["example.com", {"name": "example.net", "ldapserver_id": 1}],
            "servers": [
                {"type": "imap", "name": "second.example.com", "prio": 20},
                {"type": "imap", "name": "imap.example.com"},
                {"type": "smtp", "name": "smtp.example.com", "port": 587},
                {"type": "caldav", "url": "https://dav.example.com/", "port": 443},
            ],
        }
    )
    found = inventory(source).domains["example.com"].settings
    assert [(s.host, s.port, s.security) for s in found.servers] == [
        ("imap.example.com", 993, "tls"),
        ("smtp.example.com", 587, "starttls"),
        ("second.example.com", 993, "tls"),
    ]
    assert found.web_servers[0].url == "https://dav.example.com/"
    assert source.left == ("log-in names from LDAP; taken is the pattern beside them",)


def test_keys_of_the_json_that_automx2_does_not_read() -> None:
    server = {"type": "imap", "name": "i.test", "user_name": "%EMAILLOCALPART%"}
    source = read_json({"domains": ["a.test"], "servers": [{**server, "socket_type": "plain"}]})
    (found,) = inventory(source).domains["a.test"].settings.servers
    assert (found.username, found.security) == ("{email}", "tls")
    assert [line.split()[0] for line in source.left] == ["user_name", "socket_type"]


def test_configuration_names_the_database() -> None:
    text = "[automx2]\nloglevel = INFO\ndb_uri = sqlite:////var/lib/automx2/db.sqlite\n"
    assert database_of(text) == Path("/var/lib/automx2/db.sqlite")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[automx2]\n", "no db_uri in"),
        ("x", "no db_uri in"),
        (
            "[automx2]\ndb_uri = mysql+pymysql://u:secret@h/d\n",
            "db_uri is of mysql.pymysql; import",
        ),
    ],
)
def test_configuration_that_does_not_help(text: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as error:
        database_of(text)
    assert "secret" not in str(error.value)


def test_other_databases(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no database of automx2: no such table"):
        read_database(database(tmp_path, "CREATE TABLE x (y);"))
    with pytest.raises(SourceError, match="no database of automx2: unable to open"):
        read_database(tmp_path / "none")
    with pytest.raises(SourceError, match="no lists"):
        read_json({"servers": []})
    with pytest.raises(SourceError, match="its list `domains` is empty"):
        read_json({"servers": [], "domains": []})
