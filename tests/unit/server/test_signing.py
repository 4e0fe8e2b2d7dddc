from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server import signing
from mail_autoconfig.server.app import Application
from mail_autoconfig.server.gate import BusyError
from mail_autoconfig.server.signing import NO_KEY, SIGNED, NoKeyError, Signer, SigningError
from support import answers
from support.answers import apple
from support.asgi import transport

Service = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PATH = f"{answers.PROFILE}?email=secret@example.test"


async def sign(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Stands for the signer: reads to the end, then writes."""
    writer.write(SIGNED + b"signed: " + await reader.read())
    writer.close()


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.2)
    writer.close()


def ask(service: Service, path: Path, documents: list[bytes]) -> list[bytes]:
    async def run() -> list[bytes]:
        signer = Signer(path)
        async with await asyncio.start_unix_server(service, path):
            try:
                return await asyncio.gather(*map(signer.sign, documents))
            finally:
                await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    return asyncio.run(run())


def test_signed(tmp_path: Path) -> None:
    documents = [b"%d" % number * 100_000 for number in range(20)]
    signed = ask(sign, tmp_path / "s", documents)
    assert signed == [b"signed: " + document for document in documents]


def test_empty_answer(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="an empty answer"):
        ask(say_nothing, tmp_path / "s", [b"x"])


def test_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "_TIMEOUT", 0.05)
    with pytest.raises(SigningError, match="no answer in"):
        ask(hang, tmp_path / "s", [b"x"])


def test_no_service(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="No such file"):
        asyncio.run(Signer(tmp_path / "none").sign(b"x"))


async def have_no_key(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.write(NO_KEY)
    writer.close()


def test_no_key(tmp_path: Path) -> None:
    with pytest.raises(NoKeyError):
        ask(have_no_key, tmp_path / "s", [b"x"])


def test_more_than_can_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "_WAITING", 3)
    with pytest.raises(BusyError):
        ask(sign, tmp_path / "s", [b"x"] * 6)


def answer(tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch) -> answers.Reply:
    """The answer to a request for a profile whose signature ends like this."""

    async def fail(_: Signer, _document: bytes) -> bytes:
        raise error

    monkeypatch.setattr(Signer, "sign", fail)
    application = Application(parse(answers.configuration()), signer=Signer(tmp_path))
    return transport(application)("https", "GET", "autoconfig.example.test", PATH, {}, b"")


@pytest.mark.parametrize("error", [SigningError("no answer"), BusyError()])
def test_profile_is_not_sent_unsigned_because_of_load(
    tmp_path: Path,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reply = answer(tmp_path, error, monkeypatch)
    assert (reply.status, reply.headers["retry-after"]) == (503, "2")
    assert b"PayloadContent" not in reply.body
    assert "secret" not in caplog.text


def test_profile_is_sent_unsigned_where_there_is_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = answer(tmp_path, NoKeyError(), monkeypatch)
    apple.profile("example.test", "secret@example.test", "mail.gandi.net")(reply)


def test_profile_is_what_the_signer_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def signed(_: Signer, document: bytes) -> bytes:
        return b"signed: " + document

    monkeypatch.setattr(Signer, "sign", signed)
    application = Application(parse(answers.configuration()), signer=Signer(tmp_path))
    reply = transport(application)("https", "GET", "autoconfig.example.test", PATH, {}, b"")
    assert reply.body.startswith(b"signed: <?xml")
