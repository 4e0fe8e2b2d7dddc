from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server import signing
from mail_autoconfig.server.app import Application
from mail_autoconfig.server.signing import Signer, SigningError
from support import answers
from support.answers import apple
from support.asgi import transport

Service = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PATH = f"{answers.PROFILE}?email=secret@example.test"


async def sign(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Stands for openssl: reads to the end, then writes."""
    writer.write(b"signed: " + await reader.read())
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


def test_profile_goes_out_unsigned_rather_than_not_at_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    application = Application(parse(answers.configuration()), signer=Signer(tmp_path / "none"))
    reply = transport(application)("https", "GET", "autoconfig.example.test", PATH, {}, b"")
    apple.profile("example.test", "secret@example.test", "mail.gandi.net")(reply)
    assert "profile not signed: No such file" in caplog.text
    assert "secret" not in caplog.text


def test_profile_is_what_the_signer_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def signed(_: Signer, document: bytes) -> bytes:
        return b"signed: " + document

    monkeypatch.setattr(Signer, "sign", signed)
    application = Application(parse(answers.configuration()), signer=Signer(tmp_path))
    reply = transport(application)("https", "GET", "autoconfig.example.test", PATH, {}, b"")
    assert reply.body.startswith(b"signed: <?xml")
