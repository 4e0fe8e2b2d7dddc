"""The talk with IMAP, POP3 and SMTP servers, up to the log-in, in lines of bounded length.

Sources: RFC 9051, RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 5321, RFC 3207, RFC 4954, RFC 4616.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from dataclasses import dataclass
from typing import Protocol

LONGEST_LINE = 8192  # octets; RFC 9051, section 4, asks of servers to take as many
_MOST_LINES = 200  # of one answer

_GREETINGS = re.compile(r"\* (OK|PREAUTH|BYE)\b|\+OK\b|-ERR\b|[245]\d\d[ -]", re.IGNORECASE)


class RefusedError(Exception):
    """The server said no; the text is its answer."""


class ForeignError(Exception):
    """What the server sent is not of this protocol; the text is what it sent."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server offers at this moment.

    `mechanisms` are SASL's, in upper case; the plain commands (LOGIN, USER) count as PLAIN.
    """

    starttls: bool
    mechanisms: frozenset[str]


class Wire:
    """Lines over TCP, with or without TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def line(self) -> str:
        """Return the next line without its end.

        Raises OSError if the connection ends, ForeignError if the line is too long.
        """
        try:
            found = await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("the server closed the connection") from None
        except asyncio.LimitOverrunError:
            raise ForeignError(f"a line of over {LONGEST_LINE} octets") from None
        return found.decode("utf-8", "replace").rstrip("\r\n")

    async def send(self, line: str) -> None:
        """Send one line.

        Raises ForeignError if it would be more than one: names are from strangers' answers.
        """
        if not line.isprintable():
            raise ForeignError("a control character")
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS (RFC 2595, RFC 3207). Raises ssl.SSLError."""
        await self._writer.start_tls(context, server_hostname=host)

    @property
    def tls(self) -> ssl.SSLObject:
        """The TLS of this connection; ConnectionError if it has none."""
        found = self._writer.get_extra_info("ssl_object")
        if not isinstance(found, ssl.SSLObject):
            raise ConnectionError("no TLS")
        return found


class Dialogue(Protocol):
    """The same four steps in the words of one protocol.

    Each raises RefusedError or ForeignError.
    """

    async def greet(self, wire: Wire) -> None:
        """Read the greeting."""

    async def offers(self, wire: Wire) -> Offer:
        """Ask what the server offers."""

    async def ask_for_tls(self, wire: Wire) -> None:
        """Ask to go on in TLS."""

    async def log_in(self, wire: Wire, user: str, password: str) -> None:
        """Log in by SASL PLAIN, or what the protocol has in its place."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.upper().split())


def _plain(user: str, password: str) -> str:
    return b64encode(f"\0{user}\0{password}".encode()).decode()


def _quoted(text: str) -> str:
    """A quoted string of IMAP (RFC 9051, section 9)."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def looks_like_mail(greeting: str) -> bool:
    """Whether a line is the first one of a mail server."""
    return _GREETINGS.match(greeting) is not None


class Imap:
    """RFC 9051; servers of RFC 3501 answer alike."""

    def __init__(self) -> None:
        self._count = 0
        self._has_sasl = False

    async def greet(self, wire: Wire) -> None:
        """Read `* OK`."""
        line = await wire.line()
        if not line.upper().startswith(("* OK", "* PREAUTH")):
            raise (RefusedError if line.upper().startswith("* BYE") else ForeignError)(line)

    async def _command(self, wire: Wire, command: str, secret: str = "") -> list[str]:
        """Return the untagged answers; `secret` is sent when the server asks for it."""
        self._count += 1
        tag = f"d{self._count}"
        await wire.send(f"{tag} {command}")
        untagged: list[str] = []
        while len(untagged) < _MOST_LINES:
            line = await wire.line()
            if line.startswith("+") and secret:
                await wire.send(secret)
                secret = ""
                continue
            if not line.startswith(f"{tag} "):
                untagged.append(line)
                continue
            if not line.upper().startswith(f"{tag.upper()} OK"):
                raise RefusedError(line.removeprefix(f"{tag} "))
            return untagged
        raise ForeignError("an answer without an end")

    async def offers(self, wire: Wire) -> Offer:
        """CAPABILITY; LOGIN is there unless LOGINDISABLED is said (RFC 9051, section 6.2.3)."""
        words = _words(
            " ".join(
                line.partition("CAPABILITY")[2]
                for line in await self._command(wire, "CAPABILITY")
                if line.upper().startswith("* CAPABILITY")
            )
        )
        mechanisms = {word.removeprefix("AUTH=") for word in words if word.startswith("AUTH=")}
        self._has_sasl = "PLAIN" in mechanisms
        if "LOGINDISABLED" not in words:
            mechanisms.add("PLAIN")
        return Offer("STARTTLS" in words, frozenset(mechanisms))

    async def ask_for_tls(self, wire: Wire) -> None:
        """STARTTLS."""
        await self._command(wire, "STARTTLS")

    async def log_in(self, wire: Wire, user: str, password: str) -> None:
        """AUTHENTICATE PLAIN, or LOGIN where the server does not have it."""
        if self._has_sasl:
            await self._command(wire, "AUTHENTICATE PLAIN", _plain(user, password))
        else:
            await self._command(wire, f"LOGIN {_quoted(user)} {_quoted(password)}")


class Pop3:
    """RFC 1939 with CAPA (RFC 2449) and STLS (RFC 2595)."""

    async def greet(self, wire: Wire) -> None:
        """Read `+OK`."""
        await self._answer(wire)

    async def _answer(self, wire: Wire) -> str:
        line = await wire.line()
        if line.startswith("-ERR"):
            raise RefusedError(line)
        if not line.startswith("+OK"):
            raise ForeignError(line)
        return line

    async def offers(self, wire: Wire) -> Offer:
        """CAPA; a server without it has USER alone."""
        await wire.send("CAPA")
        try:
            await self._answer(wire)
        except RefusedError:
            return Offer(False, frozenset({"PLAIN"}))
        starttls, mechanisms = False, set[str]()
        for _line in range(_MOST_LINES):
            line = await wire.line()
            if line == ".":
                return Offer(starttls, frozenset(mechanisms))
            keyword, _space, rest = line.upper().partition(" ")
            starttls = starttls or keyword == "STLS"
            if keyword == "SASL":
                mechanisms |= _words(rest)
            elif keyword == "USER":
                mechanisms.add("PLAIN")
        raise ForeignError("an answer without an end")

    async def ask_for_tls(self, wire: Wire) -> None:
        """STLS."""
        await wire.send("STLS")
        await self._answer(wire)

    async def log_in(self, wire: Wire, user: str, password: str) -> None:
        """USER and PASS, which each server has that takes passwords as they are (RFC 1939)."""
        for command in f"USER {user}", f"PASS {password}":
            await wire.send(command)
            await self._answer(wire)


class Smtp:
    """RFC 5321 with AUTH (RFC 4954) and STARTTLS (RFC 3207)."""

    async def greet(self, wire: Wire) -> None:
        """Read `220`."""
        await self._answer(wire, "220")

    async def _answer(self, wire: Wire, wanted: str) -> list[str]:
        lines: list[str] = []
        while len(lines) < _MOST_LINES:
            line = await wire.line()
            if not re.match(r"[245]\d\d(?:[ -]|$)|334", line):
                raise ForeignError(line)
            lines.append(line[4:])
            if line[3:4] != "-":
                if not line.startswith(wanted):
                    raise RefusedError(line)
                return lines
        raise ForeignError("an answer without an end")

    async def offers(self, wire: Wire) -> Offer:
        """EHLO."""
        await wire.send("EHLO doctor.invalid")  # RFC 2606: a name that is nobody's
        starttls, mechanisms = False, set[str]()
        for line in (await self._answer(wire, "250"))[1:]:
            # "AUTH=" is how servers wrote it before RFC 2554.
            keyword, *rest = line.upper().replace("AUTH=", "AUTH ").split() or [""]
            starttls = starttls or keyword == "STARTTLS"
            if keyword == "AUTH":
                mechanisms |= set(rest)
        return Offer(starttls, frozenset(mechanisms))

    async def ask_for_tls(self, wire: Wire) -> None:
        """STARTTLS."""
        await wire.send("STARTTLS")
        await self._answer(wire, "220")

    async def log_in(self, wire: Wire, user: str, password: str) -> None:
        """AUTH PLAIN."""
        await wire.send("AUTH PLAIN")
        await self._answer(wire, "334")
        await wire.send(_plain(user, password))
        await self._answer(wire, "235")


DIALOGUES: dict[str, type[Imap] | type[Pop3] | type[Smtp]] = {
    "imap": Imap,
    "pop3": Pop3,
    "smtp": Smtp,
}
"""By the type of a server."""
