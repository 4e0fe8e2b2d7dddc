from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from mail_autoconfig.doctor.checks.tls import Contexts, examine, is_no_tls, listed
from mail_autoconfig.doctor.data import Finding
from support.faults import Authority, pem, self_signed

HOST = "mail.example.test"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority("Root")


@pytest.fixture
def ca(root: Authority, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(pem(root.certificate))
    return path


def server_context(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextmanager
def listening(context: ssl.SSLContext | None) -> Iterator[int]:
    """A port that goes through handshakes, or greets in plain text; asyncio loses its alerts."""

    def serve() -> None:
        while True:
            client, _ = server.accept()
            with client, suppress(OSError):
                if client.recv(1, socket.MSG_PEEK) == b"":
                    return
                if context is None:
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                else:
                    context.wrap_socket(client, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve)
        thread.start()
        port = server.getsockname()[1]
        yield port
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()


def examined(server: ssl.SSLContext | None, contexts: Contexts) -> list[str]:
    async def run() -> tuple[Finding, ...]:
        async def handshake(context: ssl.SSLContext) -> ssl.SSLObject:
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname=HOST
            )
            tls = writer.get_extra_info("ssl_object")
            writer.transport.abort()
            assert isinstance(tls, ssl.SSLObject)
            return tls

        return await examine("subject", HOST, handshake, contexts, NOW)

    with listening(server) as port:
        found = asyncio.run(run())
    assert all(each.subject == "subject" for each in found)
    return [f"{each.code}: {each.what}" for each in found]


def day(days: int) -> str:
    return f"{NOW + timedelta(days=days):%Y-%m-%d}"


Issue = Callable[[Authority, Path], None]
CERTIFICATES: dict[str, tuple[Issue, list[str]]] = {
    "good": (lambda root, path: root.issue(path, [HOST]), []),
    "a wildcard": (lambda root, path: root.issue(path, ["*.example.test"]), []),
    "two weeks left": (lambda root, path: root.issue(path, [HOST], -1, 15), []),
    "less left": (
        lambda root, path: root.issue(path, [HOST], -77, 13),
        [f"tls-expires-soon: the certificate expires on {day(13)}"],
    ),
    "of 64 days": (lambda root, path: root.issue(path, [HOST], -49, 15), []),
    "of 64 days, late": (
        lambda root, path: root.issue(path, [HOST], -51, 13),
        [f"tls-expires-soon: the certificate expires on {day(13)}"],
    ),
    "of 45 days": (lambda root, path: root.issue(path, [HOST], -33, 12), []),
    "of 45 days, late": (
        lambda root, path: root.issue(path, [HOST], -34, 11),
        [f"tls-expires-soon: the certificate expires on {day(11)}"],
    ),
    "of a short life": (lambda root, path: root.issue(path, [HOST], -3, 3), []),
    "of a short life, late": (
        lambda root, path: root.issue(path, [HOST], -5, 1),
        [f"tls-expires-soon: the certificate expires on {day(1)}"],
    ),
    "expired": (
        lambda root, path: root.issue(path, [HOST], -9, -3),
        [f"tls-expired: the certificate expired on {day(-3)}"],
    ),
    "from tomorrow on": (
        lambda root, path: root.issue(path, [HOST], 1, 9),
        [f"tls-not-yet: the certificate is not valid before {day(1)}"],
    ),
    "other names": (
        lambda root, path: root.issue(path, ["a.test", "b.test", "c.test", "d.test"]),
        ["tls-wrong-name: the certificate is for a.test, b.test, c.test and 1 more"],
    ),
    "self-signed": (
        lambda _, path: self_signed(path, [HOST]),
        ["tls-self-signed: the certificate is self-signed"],
    ),
    "authority of one's own": (
        lambda _, path: Authority("Own").issue(path, [HOST]),
        ["tls-own-authority: the certificate's chain is incomplete, or its authority is your own"],
    ),
    "authority of one's own, another name": (
        lambda _, path: Authority("Own").issue(path, ["other.test"]),
        [
            "tls-invalid: the certificate is refused: Hostname mismatch, "
            f"certificate is not valid for '{HOST}'"
        ],
    ),
    "intermediate missing": (
        lambda root, path: Authority("Between", root).issue(path, [HOST], public=True),
        ["tls-incomplete: the certificate's chain is incomplete"],
    ),
}


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_certificates(kind: str, root: Authority, ca: Path, tmp_path: Path) -> None:
    issue, expected = CERTIFICATES[kind]
    path = tmp_path / "server.pem"
    issue(root, path)
    assert examined(server_context(path), Contexts.trusting(ca)) == expected


def test_name_and_time_both_wrong(root: Authority, ca: Path, tmp_path: Path) -> None:
    """The first that OpenSSL finds is said; the certificate's date is known all the same."""
    root.issue(tmp_path / "server.pem", ["other.test"], -9, -3)
    (line,) = examined(server_context(tmp_path / "server.pem"), Contexts.trusting(ca))
    assert line in (
        f"tls-expired: the certificate expired on {day(-3)}",
        "tls-wrong-name: the certificate is for other.test",
    )


def test_stranger_who_expired(ca: Path, tmp_path: Path) -> None:
    stranger = Authority("Stranger")
    stranger.issue(tmp_path / "server.pem", [HOST], -9, -3)
    with (tmp_path / "server.pem").open("ab") as file:
        file.write(pem(stranger.certificate))
    (line,) = examined(server_context(tmp_path / "server.pem"), Contexts.trusting(ca))
    assert line == "tls-untrusted: the certificate is from an authority that is not trusted"


def test_any_other_reason_is_said_in_words_of_openssl(
    root: Authority, ca: Path, tmp_path: Path
) -> None:
    path = tmp_path / "server.pem"
    root.issue(path, [HOST])
    strict = ssl.create_default_context(cafile=ca)
    # Alone: more that is wrong would be said in an order that differs from OpenSSL to OpenSSL.
    strict.verify_flags = ssl.VERIFY_CRL_CHECK_LEAF
    (line,) = examined(server_context(path), Contexts(strict, strict, strict, strict))
    assert line == "tls-invalid: the certificate is refused: unable to get certificate CRL"


def test_old_versions(root: Authority, ca: Path, tmp_path: Path) -> None:
    path = tmp_path / "server.pem"
    root.issue(path, [HOST])
    context = server_context(path)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    old = "tls-old-offered: the server still accepts TLS 1.0 or 1.1"
    assert examined(context, Contexts.trusting(ca)) == [old]
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert examined(context, Contexts.trusting(ca)) == [
        "tls-too-old: the server supports obsolete versions of TLS only"
    ]


def test_name_that_the_server_does_not_know(root: Authority, ca: Path, tmp_path: Path) -> None:
    root.issue(tmp_path / "server.pem", [HOST])
    context = server_context(tmp_path / "server.pem")
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    (line,) = examined(context, Contexts.trusting(ca))
    assert line.startswith("tls-name-refused: ")


def test_no_tls(ca: Path) -> None:
    (line,) = examined(None, Contexts.trusting(ca))
    assert line.startswith("tls-none: ")


def test_connection_that_breaks(ca: Path) -> None:
    async def handshake(_: ssl.SSLContext) -> ssl.SSLObject:
        raise ConnectionResetError(104, "Connection reset by peer")

    found = asyncio.run(examine("subject", HOST, handshake, Contexts.trusting(ca), NOW))
    assert [each.what for each in found] == ["TLS fails: Connection reset by peer"]


def test_any_other_fault_of_tls(ca: Path) -> None:
    error = ssl.SSLError(1, "odd")
    error.reason = "INTERNAL_ERROR"
    assert not is_no_tls(error)

    async def handshake(_: ssl.SSLContext) -> ssl.SSLObject:
        raise error

    found = asyncio.run(examine("subject", HOST, handshake, Contexts.trusting(ca), NOW))
    assert [each.what for each in found] == ["TLS fails: INTERNAL_ERROR"]


def test_names_for_people() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
