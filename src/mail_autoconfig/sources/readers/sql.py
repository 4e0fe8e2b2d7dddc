"""SQL, by SQLAlchemy and Debian's drivers: PostgreSQL, MariaDB and MySQL, SQLite.

What is asked is read in one transaction that can't write, row by row, on a verified connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from .. import urls
from ..rows import COLUMNS, REQUIRED, Ask, Kind, Query, Row, Secret, SourceError
from ..settings import Source
from . import tls

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection

DRIVERS = {
    "postgresql": {"psycopg2": "python3-psycopg2", "psycopg": "python3-psycopg"},
    "mysql": {"pymysql": "python3-pymysql"},
    "mariadb": {"pymysql": "python3-pymysql"},
}
"""Scheme -> module -> Debian's package; the first that is there is taken."""
_PAUSE = 10  # seconds to connect in
_AT_ONCE = 5000  # rows in memory
_WAL = b"\x02\x02"  # at octet 18 of a file of SQLite


@contextmanager
def opened(source: Source, secret: Secret) -> Iterator[Ask]:
    """Connect; what is yielded asks. Raises SourceError."""
    try:
        from sqlalchemy import create_engine, exc, pool
    except ModuleNotFoundError:
        raise SourceError("needs Debian's python3-sqlalchemy") from None
    local = urls.is_local(urlsplit(source.url))
    url, arguments = _url(source, secret), _arguments(source, local=local)
    try:
        engine = create_engine(url, connect_args=arguments, poolclass=pool.NullPool)
        with _undisturbed(url), engine.connect() as connection:
            connection = _prepared(connection, url.get_backend_name())
            if source.tls and not local:
                _check_encryption(connection, url.get_backend_name())
            yield lambda kind, query: _rows(connection, kind, query)
    except exc.DBAPIError as error:
        # MariaDB's have a number, then the text.
        raise SourceError(str(error.orig.args[-1] if error.orig else error)) from None
    except exc.SQLAlchemyError as error:
        raise SourceError(str(error)) from None


def _url(source: Source, secret: Secret) -> URL:
    from sqlalchemy.engine import make_url

    url = make_url(source.url)
    scheme = url.get_backend_name()
    if scheme == "sqlite":  # read only: a file that is not there would be made
        path = unquote(url.database or "")
        at_rest = {"immutable": "1"} if _is_at_rest(Path(path)) else {}
        return url.set(
            database=f"file:{quote(path)}", query={"mode": "ro", "uri": "true", **at_rest}
        )
    driver = next((each for each in DRIVERS[scheme] if find_spec(each)), None)
    if driver is None:
        raise SourceError(f"needs Debian's {' or '.join(DRIVERS[scheme].values())}")
    query = dict(url.query)
    if scheme != "postgresql":
        query["charset"] = "utf8mb4"  # the server converts what it has in another one
    password = secret.get("password") or None
    return url.set(drivername=f"{scheme}+{driver}", password=password, query=query)


def _is_at_rest(path: Path) -> bool:
    """Whether this is SQLite in WAL mode that nobody has open.

    To take a lock its reader would have to make files beside it, which it may not.
    """
    try:
        with path.open("rb") as file:
            return file.read(20)[18:] == _WAL and not Path(f"{path}-wal").exists()
    except OSError:  # SQLite says it
        return False


@contextmanager
def _undisturbed(url: URL) -> Iterator[None]:
    """Refuse what was read without a lock while somebody wrote."""
    if "immutable" not in url.query:
        yield
        return
    path = Path(unquote(str(url.database).removeprefix("file:")))
    before = path.stat()
    yield
    after = path.stat()
    if (before.st_mtime_ns, before.st_ino) != (after.st_mtime_ns, after.st_ino):
        raise SourceError("somebody wrote to the file while it was read; it is tried again")


def _arguments(source: Source, *, local: bool) -> dict[str, Any]:
    """What the driver gets beside the URL: a bound on time, and verified TLS."""
    scheme = urlsplit(source.url).scheme
    if scheme == "sqlite":
        return {"timeout": _PAUSE}
    found: dict[str, Any] = {"connect_timeout": _PAUSE}
    if scheme == "postgresql":
        found["client_encoding"] = "utf8"
    if source.tls and not local:
        if scheme == "postgresql":
            found |= {"sslmode": "verify-full", "sslrootcert": source.tls_ca or tls.AUTHORITIES}
        else:
            found["ssl"] = tls.context(source)
    return found


def _prepared(connection: Connection, scheme: str) -> Connection:
    """Let the connection read only, all queries the same state, rows as they come."""
    from sqlalchemy import text

    if scheme == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        driver.create_function("concat", -1, _concat, deterministic=True)
    else:
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
        session = "" if scheme == "postgresql" else "SESSION "
        connection.execute(text(f"SET {session}TRANSACTION READ ONLY"))
    return connection.execution_options(stream_results=True, max_row_buffer=_AT_ONCE)


def _concat(*values: Any) -> str:
    """As the other databases have it; SQLite has it from 3.44 on."""
    return "".join(str(value) for value in values if value is not None)


def _check_encryption(connection: Connection, scheme: str) -> None:
    """MariaDB's driver goes on without TLS where the server offers none."""
    from sqlalchemy import text

    if scheme == "postgresql":  # sslmode says it
        return
    row = connection.execute(text("SHOW STATUS LIKE 'Ssl_cipher'")).fetchone()
    if row is None or not row[1]:
        raise SourceError("the server offers no TLS; set it up there, or tls: false")


def _rows(connection: Connection, kind: Kind, query: Query) -> Iterator[Row]:
    from sqlalchemy import text

    # A colon is no parameter: there are none.
    result = connection.execute(text(str(query).replace(":", "\\:")))
    if not result.returns_rows:
        raise SourceError(f"{kind}: the query gives no rows; write SELECT …")
    order = _order(kind, tuple(result.keys()))
    for rows in result.partitions(_AT_ONCE):
        if order == tuple(range(len(order))):
            yield from map(tuple, rows)
        else:
            yield from (tuple(None if at is None else row[at] for at in order) for row in rows)


def _order(kind: Kind, given: tuple[str, ...]) -> tuple[int | None, ...]:
    """Where each of our columns is in a row: required ones come first, others by their names."""
    needed, known = len(REQUIRED[kind]), COLUMNS[kind]
    names = [name.lower() for name in given]
    unknown = [name for name in names[needed:] if name not in known]
    if unknown or len(names) < needed:
        raise SourceError(
            f"{kind}: the query gives the columns {', '.join(names)}; "
            f"they must be {', '.join(known[:needed])}"
            + (f", then any of {', '.join(known[needed:])}" if known[needed:] else "")
        )
    return tuple(
        place if place < needed else (names.index(name, needed) if name in names[needed:] else None)
        for place, name in enumerate(known)
    )
