from __future__ import annotations

import sqlite3
import ssl
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from mail_autoconfig.sources import urls
from mail_autoconfig.sources.readers import sql, tls
from mail_autoconfig.sources.rows import SourceError

from ..samples import TABLES, collected, database, failure, source


@pytest.fixture
def url(tmp_path: Path) -> str:
    return database(tmp_path / "a b.db", TABLES, ["a.example"], ["b.example"], [None]).replace(
        " ", "%20"
    )


def test_rows(url: str) -> None:
    found = collected(source(url=url))
    assert list(found.domains) == ["a.example", "b.example"]
    assert found.count == 1


def test_columns_by_name(url: str) -> None:
    query = "SELECT domain AS whatever, 'srv' AS Discovery, 'acme' AS provider FROM domain"
    found = collected(source(url=url, domains=query))
    assert found.domains["a.example"] == {"provider": "acme", "discovery": "srv"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT domain FROM domain WHERE domain LIKE 'a%'",
        "SELECT domain FROM domain WHERE domain <> ':b' AND ':a::int' <> '' AND domain LIKE 'a.%'",
        "SELECT CONCAT('a', '.', NULL, 'example')",
    ],
)
def test_letters_of_parameters_are_none(url: str, query: str) -> None:
    assert list(collected(source(url=url, domains=query)).domains) == ["a.example"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "SELECT domain, extra FROM domain",
            "domains: the query gives the columns domain, extra; they must be domain, then any of "
            "provider, display_name, discovery",
        ),
        ("SELECT domain FROM domains", "no such table: domains"),
        ("DELETE FROM domain", "attempt to write a readonly database"),
        ("PRAGMA user_version = 5", "attempt to write a readonly database"),
    ],
)
def test_query_that_is_wrong(url: str, query: str, said: str) -> None:
    assert failure(source(url=url, domains=query)) == said


def test_log_in_names_have_two_columns(url: str) -> None:
    assert failure(source(url=url, logins="SELECT address FROM login")) == (
        "logins: the query gives the columns address; they must be address, login"
    )


def test_no_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    assert failure(source(url=f"sqlite:///{path}")) == "unable to open database file"
    assert not path.exists()


def test_wal_that_nobody_has_open(url: str) -> None:
    """Its reader may write nothing beside it; while somebody has it open, nothing is needed."""
    path = Path(unquote(urlsplit(url).path[1:]))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO domain (domain) VALUES ('c.example')")
        connection.commit()
        assert "immutable" not in sql._url(source(url=url), {}).query
        assert list(collected(source(url=url)).domains) == ["a.example", "b.example", "c.example"]
    assert sql._url(source(url=url), {}).query["immutable"] == "1"
    assert list(collected(source(url=url)).domains) == ["a.example", "b.example", "c.example"]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_wal_that_is_written_meanwhile(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(unquote(urlsplit(url).path[1:]))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    order = sql._order

    def written(*given: Any) -> Any:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DELETE FROM domain")
            connection.commit()
        return order(*given)

    monkeypatch.setattr(sql, "_order", written)
    said = "somebody wrote to the file while it was read; it is tried again"
    assert failure(source(url=url)) == said


def test_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE domain (domain TEXT);"
            "INSERT INTO domain VALUES (CAST(X'62FC636865722E6578616D706C65' AS TEXT))"
        )
    assert failure(source(url=f"sqlite:///{path}")).startswith("Could not decode to UTF-8 column")


@pytest.mark.parametrize(
    ("scheme", "packages"),
    [
        ("postgresql", "python3-psycopg2 or python3-psycopg"),
        ("mysql", "python3-pymysql"),
        ("mariadb", "python3-pymysql"),
    ],
)
def test_package_that_is_missing(
    scheme: str, packages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "find_spec", lambda _name: None)
    assert failure(source(url=f"{scheme}://reader@db.example/x")) == f"needs Debian's {packages}"


def test_no_sqlalchemy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    assert failure(source()) == "needs Debian's python3-sqlalchemy"


@pytest.mark.parametrize(
    ("url", "keys", "expected"),
    [
        (
            "postgresql://r@db.example/x",
            {},
            {"sslmode": "verify-full", "sslrootcert": tls.AUTHORITIES},
        ),
        (
            "postgresql://r@db.example/x",
            {"tls_ca": "/ca"},
            {"sslmode": "verify-full", "sslrootcert": "/ca"},
        ),
        ("postgresql://r@db.example/x", {"tls": False}, {}),
        ("postgresql://r@localhost/x", {}, {}),
        ("postgresql:///x", {}, {}),
    ],
)
def test_postgresql_is_verified(url: str, keys: dict[str, Any], expected: dict[str, str]) -> None:
    assert arguments(url, keys) == {"connect_timeout": 10, "client_encoding": "utf8", **expected}


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_mariadb_is_verified(scheme: str) -> None:
    context = arguments(f"{scheme}://r@db.example/x", {})["ssl"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert "ssl" not in arguments(f"{scheme}://r@127.0.0.1/x", {})


def arguments(url: str, keys: dict[str, Any]) -> dict[str, Any]:
    of = source(url=url, **keys)
    return sql._arguments(of, local=urls.is_local(urlsplit(url)))


class Answer:
    """A connection that says which cipher it has."""

    def __init__(self, row: tuple[str, str] | None) -> None:
        self._row = row

    def execute(self, _text: object) -> Answer:
        return self

    def fetchone(self) -> tuple[str, str] | None:
        return self._row


def test_mariadb_without_tls_is_refused() -> None:
    connection: Any = Answer(("Ssl_cipher", ""))
    with pytest.raises(SourceError, match="offers no TLS; set it up there, or tls: false"):
        sql._check_encryption(connection, "mysql")
    connection = Answer(("Ssl_cipher", "TLS_AES_256_GCM_SHA384"))
    sql._check_encryption(connection, "mysql")


def test_charset_and_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "find_spec", lambda name: name == "pymysql")
    url = sql._url(source(url="mysql://reader@db.example/x"), {"password": "hunter2"})
    assert (url.drivername, url.password, url.query) == (
        "mysql+pymysql",
        "hunter2",
        {"charset": "utf8mb4"},
    )
    assert "hunter2" not in repr(url)


def test_second_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "find_spec", lambda name: name == "psycopg")
    url = sql._url(source(url="postgresql://reader@db.example/x"), {})
    assert (url.drivername, url.password) == ("postgresql+psycopg", None)
