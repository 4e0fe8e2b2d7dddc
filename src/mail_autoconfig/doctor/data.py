"""What the doctor sees and says: requests with their answers, outcomes of clients, findings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

Severity = Literal["ok", "accepted", "note", "warning", "error"]
"""Of a finding. `accepted`: the user said so; it and a `note` weigh nothing."""
Verdict = Literal["found", "log-in", "asks", "fails"]
"""Of a client: finds the settings, would after a log-in, asks the user on the way, fails."""

ErrorKind = Literal[
    "name",  # no such name, or none with an address
    "resolver",  # no name server answers
    "private",  # its address is not public
    "refused",
    "unreachable",
    "timeout",
    "certificate",
    "tls",
    "size",
    "protocol",  # no HTTP, or no URL
]
ProposalKind = Literal["config", "pox", "records"]
LookupStatus = Literal["found", "no name", "no record", "no answer"]


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as a client sends it; `headers` are those that make a difference.

    `at` is the one address to connect to, of those that the host has; empty: any of them.
    """

    method: str
    url: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    at: str = ""

    @property
    def scheme(self) -> str:
        """The scheme of the URL, in lower case."""
        return self.url.partition(":")[0].lower()

    @property
    def host(self) -> str:
        """The host name of the URL, in lower case; empty if there is none."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer; `text` is a few words for people."""

    kind: ErrorKind
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its answer, or with the reason why there is none.

    `seconds` is from the look-up of the name to the last octet; `size` is that of the body in
    octets; `address` is the one that it connected to; `limited`: it had answered 429 before;
    `challenge` is WWW-Authenticate, `server` the header of this name. `vouched`: its certificate is
    from an authority that is trusted here; without, nothing secret goes there. `retry_after` is in
    seconds.
    """

    request: Request
    status: int = 0
    content_type: str = ""
    location: str = ""
    body: bytes = b""
    seconds: float = 0.0
    address: str = ""
    limited: bool = False
    challenge: str = ""
    server: str = ""
    vouched: bool = True
    retry_after: float = 0.0
    error: Failure | None = None

    @property
    def size(self) -> int:
        """Octets of the body."""
        return len(self.body)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def schemes(self) -> frozenset[str]:
        """The ways to log in that a challenge names, in lower case (RFC 9110, section 11)."""
        return frozenset(re.findall(r"(?:^|,\s*)([a-z]+)(?=\s|,|$)", self.challenge.lower()))

    @property
    def asks_log_in(self) -> bool:
        """Whether the answer is for those who log in, and says how."""
        return self.status == 401 and bool(self.schemes)

    @property
    def redirects(self) -> bool:
        """Whether the answer is a redirect to another URL."""
        return self.status in (301, 302, 303, 307, 308) and bool(self.location)


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question to the DNS with its answer.

    `name` is without a final dot; `values` are in the form of a zone file (RFC 1035, section 5.1),
    those of the end of a chain of aliases; `aliases` are the names on the way there.
    """

    name: str
    type: str
    status: LookupStatus
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One server as an answer publishes it, with a host and a port or, of a service, a `url`.

    `type`: imap, pop3, smtp, caldav, carddav, webdav, jmap, activesync, managesieve.
    `security`: tls, starttls, none, or what the answer says if it is none of these.
    `authentication` is ordered, in the words of model.Authentication where they are known.
    """

    type: str
    host: str
    port: int
    security: str
    username: str
    authentication: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one client finds.

    `client` is a stable slug, `title` its name for people. `why` is one sentence; `remedy` is what
    to do, empty if there is nothing to do. `source` is the URL or the record set that the
    settings are from; `exchanges` and `lookups` are what the client asks, in its order. `gravity`
    is how bad it is if this client fails. `misses` are what it asked, such as "GET URL", each with
    the reason why it went on: what `why` is made of.
    """

    client: str
    title: str
    verdict: Verdict
    why: str
    remedy: str = ""
    source: str = ""
    settings: tuple[Setting, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    gravity: Severity = "warning"
    misses: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says.

    `code` is a stable slug; `subject` is the name, URL or server that it is about; `what` is what
    there is, `should` what should be, `remedy` what to do: a few words each. `paste` is the text to
    put there, empty if there is none.
    """

    code: str
    severity: Severity
    subject: str
    what: str
    should: str = ""
    remedy: str = ""
    paste: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text to paste where clients miss one.

    `title` names it, `where` is its URL or its zone, `how` says what to do with it. `source` is
    where the names of its mail servers are from.
    """

    kind: ProposalKind
    title: str
    where: str
    how: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """All about one domain.

    `findings` are in the order in which to mend them. `certificates` are the ends of those that are
    valid, by the server.
    """

    domain: str
    address: str
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    seconds: float
    certificates: Mapping[str, datetime] = field(default_factory=dict)
    proposals: tuple[Proposal, ...] = ()

    @property
    def severity(self) -> Severity:
        """The worst of the findings."""
        found = {finding.severity for finding in self.findings}
        return "error" if "error" in found else "warning" if "warning" in found else "ok"
