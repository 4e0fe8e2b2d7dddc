"""Talk to each published IMAP, POP3 and SMTP server: does it do what the settings say?

No mail is ever sent. A password goes to a server only over TLS with a certificate that names the
host, and no finding shows it.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ..case import Case
from ..catalogue import finding
from ..data import Finding, Setting
from ..dialogue import (
    DIALOGUES,
    LONGEST_LINE,
    Dialogue,
    ForeignError,
    Offer,
    RefusedError,
    Wire,
    looks_like_mail,
)
from ..fetch import Fetcher
from .asking import published, vouched_for
from .connect import CONNECT, merged, reach_all
from .tls import Contexts, examine, is_no_tls

GREETING = 10.0
"""Seconds until a server speaks: some let strangers wait on purpose, but not so long."""
_TALK = 15.0  # seconds for the rest of a conversation
_SHOWN = 80  # characters of what a server says

MECHANISMS = {
    "password": frozenset({"LOGIN", "PLAIN"}),
    "password_encrypted": frozenset(
        {"APOP", "CRAM-MD5", "DIGEST-MD5", "NTLM", "SCRAM-SHA-1", "SCRAM-SHA-256"}
    ),
    "oauth2": frozenset({"OAUTHBEARER", "XOAUTH2"}),
    "gssapi": frozenset({"GSSAPI"}),
}
"""What SASL has for each way to log in (model.Authentication)."""


async def check_mail(case: Case) -> list[Finding]:
    """Visit each published mail server, once for all domains where no log-in is tried."""
    contexts = Contexts.trusting(case.fetcher.ca)
    trusted = frozenset(await vouched_for(case)) if case.password else frozenset()
    visits = []
    for setting in await published(case):
        if setting.type not in DIALOGUES or setting.url:
            continue
        password = case.password if setting in trusted else None
        key = setting if password else replace(setting, username="")
        if key not in case.visits:
            visit = check_server(setting, case.fetcher, contexts, datetime.now(UTC), password)
            case.visits[key] = asyncio.create_task(visit)
        visits.append(case.visits[key])
    found = [each for found in await asyncio.gather(*visits) for each in found]
    return list(dict.fromkeys(found))


async def check_server(
    setting: Setting,
    fetcher: Fetcher,
    contexts: Contexts,
    now: datetime,
    password: str | None = None,
) -> tuple[Finding, ...]:
    """What is wrong with one published mail server; nothing if all is right.

    With a `password`, the log-in with the published user name is tried too.
    """
    subject = f"{setting.type} {setting.host}:{setting.port}"
    live, dead = await reach_all(subject, setting.host, setting.port, fetcher)
    found: dict[str, tuple[Finding, ...]] = {}
    for address in live:
        visit = _Visit(subject, setting, address, fetcher, contexts)
        found[address] = tuple([each async for each in visit.findings(now, password)])
        if any(each.code == "mail-login" for each in found[address]):
            password = None  # one refusal is enough: servers count them
    return (*dead, *merged(subject, setting.host, found))


@dataclass(frozen=True, slots=True)
class _Session:
    """A conversation that has come to the log-in; `before` is what was offered before STARTTLS."""

    dialogue: Dialogue
    wire: Wire
    before: Offer | None
    offer: Offer


class _SilentError(Exception):
    """The server took the connection and says nothing."""


class _NoStartTlsError(Exception):
    """STARTTLS is not offered."""


@dataclass(frozen=True, slots=True)
class _Visit:
    subject: str
    setting: Setting
    address: str
    fetcher: Fetcher
    contexts: Contexts

    async def findings(self, now: datetime, password: str | None) -> AsyncIterator[Finding]:
        """All that is wrong, in the order of a client's way."""
        try:
            async with self.session(self.contexts.blind) as session:
                found = list(self.judge(session))
        except ssl.SSLError as error:
            if is_no_tls(error):
                yield await self.in_plain_text()
                return
            found = []  # `examine` says more of it
        except (_SilentError, TimeoutError):
            yield await self.in_tls()
            return
        except _NoStartTlsError:
            yield finding("mail-no-starttls", self.subject)
            return
        except ForeignError as error:
            yield self.foreign(str(error))
            return
        except RefusedError as error:
            yield finding("mail-refuses", self.subject, found=_shown(str(error)))
            return
        except OSError as error:
            yield finding("mail-refuses", self.subject, found=error.strerror or str(error))
            return
        trusted = self.setting.security != "none"
        if trusted:
            host = self.setting.host
            ends = self.fetcher.certificates
            tls = await examine(self.subject, host, self.handshake, self.contexts, now, ends)
            trusted = not any(each.severity in ("error", "note") for each in tls)
            for each in tls:
                yield each
        for each in found:
            yield each
        if password is not None and trusted:
            refused = await self.log_in(password)
            if refused:
                yield refused

    @asynccontextmanager
    async def connection(self, context: ssl.SSLContext | None) -> AsyncIterator[Wire]:
        """Connect, with TLS from the first byte if there is a context."""
        async with self.fetcher.talks, asyncio.timeout(2 * CONNECT):
            reader, writer = await asyncio.open_connection(
                self.address,
                self.fetcher.port(self.setting.port),
                ssl=context,
                server_hostname=self.setting.host if context else None,
                limit=LONGEST_LINE,
            )
        try:
            yield Wire(reader, writer)
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def session(self, context: ssl.SSLContext) -> AsyncIterator[_Session]:
        """Connect as the settings say, and come to the log-in."""
        implicit = self.setting.security == "tls"
        dialogue = DIALOGUES[self.setting.type]()
        async with self.connection(context if implicit else None) as wire:
            try:
                async with asyncio.timeout(GREETING):
                    await dialogue.greet(wire)
            except TimeoutError:
                raise _SilentError from None
            async with asyncio.timeout(_TALK):
                offer, before = await dialogue.offers(wire), None
                if self.setting.security == "starttls":
                    if not offer.starttls:
                        raise _NoStartTlsError
                    await dialogue.ask_for_tls(wire)
                    await wire.start_tls(context, self.setting.host)
                    offer, before = await dialogue.offers(wire), offer
                yield _Session(dialogue, wire, before, offer)

    async def handshake(self, context: ssl.SSLContext) -> ssl.SSLObject:
        """For `examine`: TLS as the settings say."""
        if self.setting.security == "tls":
            async with self.connection(context) as wire:
                return wire.tls
        try:
            async with self.session(context) as session:
                return session.wire.tls
        except (_SilentError, _NoStartTlsError, ForeignError, RefusedError) as error:
            raise ConnectionError(
                _shown(str(error)) or "the server does not answer again"
            ) from None

    def judge(self, session: _Session) -> Iterator[Finding]:
        """Whether the ways to log in are those that are published."""
        offered = session.offer.mechanisms
        for method in self.setting.authentication:
            if method in MECHANISMS and not offered & MECHANISMS[method]:
                listed = ", ".join(sorted(offered)) or "none"
                yield finding("mail-authentication", self.subject, published=method, offered=listed)
        if session.before and session.before.mechanisms & MECHANISMS["password"]:
            yield finding("mail-plain-password", self.subject)

    async def in_plain_text(self) -> Finding:
        """TLS is published, and there is none: what is there?"""
        try:
            async with asyncio.timeout(GREETING), self.connection(None) as wire:
                greeting = await wire.line()
        except (OSError, ForeignError) as error:
            return finding("mail-refuses", self.subject, found=_shown(str(error)))
        if looks_like_mail(greeting):
            return finding("mail-is-starttls", self.subject)
        return self.foreign(greeting)

    async def in_tls(self) -> Finding:
        """The server waits for us to speak first: for TLS, as it is at STARTTLS's wrong port?"""
        if self.setting.security != "tls":
            try:
                async with asyncio.timeout(GREETING), self.connection(self.contexts.blind):
                    return finding("mail-is-tls", self.subject)
            except OSError:
                pass
        return finding("mail-silent", self.subject, seconds=f"{GREETING:g}")

    def foreign(self, said: str) -> Finding:
        """Another protocol than the published one."""
        type_ = self.setting.type.upper()
        return finding("mail-protocol", self.subject, type=type_, found=_shown(said))

    async def log_in(self, password: str) -> Finding | None:
        """Try the log-in, over TLS that is verified."""
        user = self.setting.username
        try:
            async with self.session(self.contexts.strict) as session:
                await session.dialogue.log_in(session.wire, user, password)
        except RefusedError as error:
            said = _shown(_without(str(error), user, password))
            return finding("mail-login", self.subject, user=user, text=said)
        except (OSError, _SilentError, _NoStartTlsError, ForeignError) as error:
            said = _shown(_without(str(error), user, password)) or "no answer"
            return finding("mail-login", self.subject, user=user, text=said)
        return None


def _shown(said: str) -> str:
    """What a server says, fit for a terminal."""
    return "".join(each for each in said if each.isprintable())[:_SHOWN].strip()


def _without(said: str, user: str, password: str) -> str:
    """What a server says, without the password that it might say again."""
    encoded = b64encode(f"\0{user}\0{password}".encode()).decode()
    return said.replace(encoded, "…").replace(password, "…") if password else said
