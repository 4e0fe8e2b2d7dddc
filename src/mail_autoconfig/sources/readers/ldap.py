"""Directories, by ldap3: in pages, over verified TLS, as whoever the source names."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ...inventory import fields
from .. import urls
from ..rows import COLUMNS, Ask, Kind, Query, Row, Secret, SourceError
from ..settings import Source

if TYPE_CHECKING:
    from ldap3 import Connection

_PAUSE = 10  # seconds to connect in
_PAGE = 500
_SCOPES = {"sub": "SUBTREE", "one": "LEVEL", "base": "BASE"}


@contextmanager
def opened(source: Source, secret: Secret) -> Iterator[Ask]:
    """Connect; what is yielded asks. Raises SourceError."""
    try:
        from ldap3.core.exceptions import LDAPException
    except ModuleNotFoundError:
        raise SourceError("needs Debian's python3-ldap3") from None
    try:
        connection = connect(source, secret)
        try:
            base = unquote(urlsplit(source.url).path.lstrip("/")) or _usual_base(connection)
            yield lambda kind, query: _rows(connection, base, kind, query)
        finally:
            connection.unbind()
    except LDAPException as error:
        raise SourceError(_why(error, urlsplit(source.url).hostname)) from None


def connect(source: Source, secret: Secret) -> Connection:
    """A bound connection. Raises LDAPException, SourceError."""
    from ldap3 import NONE, SIMPLE, Connection, Server, Tls
    from ldap3.core.exceptions import LDAPException

    parts = urlsplit(source.url)
    encryption = Tls(
        validate=ssl.CERT_REQUIRED, ca_certs_file=source.tls_ca or None, sni=parts.hostname
    )
    server = Server(
        f"ldapi://{parts.netloc}" if parts.scheme == "ldapi" else str(parts.hostname),
        parts.port,
        use_ssl=parts.scheme == "ldaps",
        tls=encryption,
        get_info=NONE,
        connect_timeout=_PAUSE,
    )
    login: dict[str, Any] = {}
    if source.user:
        login = {"user": source.user, "password": secret.get("password"), "authentication": SIMPLE}
    connection = Connection(
        server,
        **login,
        read_only=True,
        raise_exceptions=True,
        auto_referrals=False,
        receive_timeout=source.timeout,
    )
    try:
        connection.open()
        if parts.scheme == "ldap" and source.tls and not urls.is_local(parts):
            connection.start_tls()
        connection.bind()
    except LDAPException:
        if connection.socket:  # ldap3 leaves it open
            connection.socket.close()
        raise
    return connection


def _usual_base(connection: Connection) -> str:
    """Where the server says its entries are: Active Directory's domain, else the first."""
    known = ["defaultNamingContext", "namingContexts"]
    connection.search("", "(objectClass=*)", "BASE", attributes=known)
    for entry in connection.response or ():
        values = _values(entry)
        for name in known:
            if found := values.get(name.lower()):
                return bytes(found[0]).decode("utf-8")
    raise SourceError("no base; write it to the URL: ldaps://HOST/dc=example,dc=com")


def _rows(connection: Connection, base: str, kind: Kind, query: Query) -> Iterator[Row]:
    assert isinstance(query, Mapping)  # noqa: S101 (the settings are checked)
    columns = [_names(query.get(column)) for column in COLUMNS[kind]]
    entries = connection.extend.standard.paged_search(
        query.get("base", base),
        query["filter"],
        _SCOPES[query.get("scope", "sub")],
        attributes=sorted({name for names in columns for name in names}),
        paged_size=_PAGE,
        generator=True,
    )
    for entry in entries:
        if entry["type"] == "searchResEntry":  # the others are referrals
            values = _values(entry)
            yield from product(*(_cell(names, values) for names in columns))
    _check_whole(connection)


def _check_whole(connection: Connection) -> None:
    """Refuse a part of the entries; limits and referrals are no errors to ldap3."""
    said = connection.result["description"]
    if said in ("sizeLimitExceeded", "timeLimitExceeded"):
        raise SourceError(
            f"{said}: the server gives {connection.user or 'strangers'} a part of the entries "
            "only; raise its limit for this user"
        )
    if said != "success":
        raise SourceError(f"{said}: write the server and the base that have the entries to url")


def _names(attributes: Any) -> tuple[str, ...]:
    if attributes is None:
        return ()
    return tuple(attributes) if fields.is_list(attributes) else (attributes,)


def _values(entry: Any) -> dict[str, list[bytes]]:
    return {name.lower(): list(values) for name, values in entry["raw_attributes"].items()}


def _cell(names: tuple[str, ...], values: Mapping[str, list[bytes]]) -> list[Any]:
    """All values of some attributes; None where no attribute is meant."""
    if not names:
        return [None]
    return [
        value
        for name in map(str.lower, names)
        for given in _of(name, values)
        if (value := _mail(given) if name == "proxyaddresses" else given)
    ]


def _of(name: str, values: Mapping[str, list[bytes]]) -> Iterator[bytes]:
    """A server that is asked for `mail` gives `mail;lang-de` too (RFC 4512, section 2.5.2)."""
    yield from values.get(name, ())
    for other in values:
        if other.startswith(f"{name};"):
            yield from values[other]


def _mail(value: bytes) -> bytes | None:
    """A value of Active Directory's proxyAddresses, if it is a mail address (MS-OXOABK)."""
    return value[5:] if value[:5].lower() == b"smtp:" else None


def _why(error: Exception, host: str | None) -> str:
    description = getattr(error, "description", None)
    if description == "invalidCredentials":
        return "user or password is wrong"
    if description:
        return f"{description}: {getattr(error, 'message', '')}".rstrip(": ")
    text = " ".join(str(each) for each in error.args).removeprefix("('").removesuffix("',)")
    # ldap3 says the whole certificate.
    return f"the server's certificate is not for {host}" if "doesn't match" in text else text
