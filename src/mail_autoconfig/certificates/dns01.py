"""Prove names by TXT records (dns-01, RFC 8555, section 8.4), in zones that this host may change.

certbot calls this twice for each name: before the authority looks, and after. Needs dnspython, and
octoDNS for zones at a provider.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.resolver

from ..inventory.read import ConfigurationError
from ..zones.changes import Content
from ..zones.propagation import NameServer, name_servers, serial_of, wait
from ..zones.providers import ProviderServer
from ..zones.records import RecordSet
from ..zones.rfc2136 import UpdateServer, ZoneError
from ..zones.servers import parse_servers
from .preflight import system_resolver

LABEL = "_acme-challenge"
_TTL = 60  # seconds
_PROBE = "probe"  # no authority gives this value
_PROOF = re.compile(r'"[A-Za-z0-9_-]{43}"')  # a SHA-256 in base64url
_LONGEST = 600  # seconds for one change of a zone, which a provider reads record by record

Server = UpdateServer | ProviderServer


class ChallengeError(Exception):
    """A name that could not be proven; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the record for a name is: an alias may point to any zone."""

    name: str
    zone: str
    server: Server


class Challenges:
    """The zones that can prove names.

    `servers`: zone -> its server; `patience` is how many seconds a zone's name servers get to have
    what its primary has. Without `resolver` it is the system's: raises OSError if there is none.
    """

    def __init__(
        self,
        servers: Mapping[str, Server],
        patience: float,
        resolver: dns.resolver.Resolver | None = None,
    ) -> None:
        self._servers = servers
        self._patience = patience
        self._resolver = resolver or system_resolver()

    def place(self, name: str) -> Place:
        """Follow the aliases from `_acme-challenge.NAME` to a zone of ours.

        `name` may be a wildcard. Raises ChallengeError.
        """
        asked = f"{LABEL}.{name.removeprefix('*.')}"
        try:
            found = self._resolver.resolve(f"{asked}.", "TXT", raise_on_no_answer=False)
            target = found.canonical_name
        except dns.resolver.NXDOMAIN as error:
            target = error.canonical_name
        except dns.exception.DNSException:
            raise ChallengeError(f"{asked}: its name servers do not answer") from None
        text = target.to_text(omit_final_dot=True).lower()
        labels = text.split(".")
        for start in range(1, len(labels)):
            zone = ".".join(labels[start:])
            if zone in self._servers:
                return Place(text, zone, self._servers[zone])
        alias = f", an alias of {text}," if text != asked else ""
        raise ChallengeError(
            f"{asked}{alias} is in no zone of autoconfig_dns_servers that this host may change; "
            "point it into one by a CNAME record"
        )

    def present(self, name: str, value: str, waiting: Iterable[str] = ()) -> None:
        """Add the record for `name`, then wait for the name servers of all of `waiting`.

        Raises ChallengeError.
        """
        place = self.place(name)
        try:
            with _in_time():
                place.server.add(place.zone, place.name, "TXT", _text(value))
        except ZoneError as error:
            raise ChallengeError(f"{place.name}: {error}") from None
        proofs: dict[str, set[str]] = {}
        for each in map(self.place, waiting):
            proofs.setdefault(each.zone, set()).add(each.name)
        for zone, names in proofs.items():
            try:
                with _in_time():
                    serial, wanted = _expected(self._servers[zone], zone, names)
            except ZoneError as error:
                raise ChallengeError(f"zone {zone}: {error}") from None
            lines = wait(zone, name_servers(zone, {}), wanted, serial, self._patience)
            if lines:
                raise ChallengeError(lines[0])

    def remove(self, name: str, value: str) -> None:
        """Remove the record for `name`, and no other. Raises ChallengeError."""
        place = self.place(name)
        try:
            with _in_time():
                place.server.remove(place.zone, place.name, "TXT", _text(value))
        except ZoneError as error:
            raise ChallengeError(f"{place.name}: {error}") from None

    def check(self, names: Iterable[str], *, dry: bool) -> dict[str, str]:
        """The names that can't be proven, with the reason.

        Unless `dry`, each zone is tried with one record, which is removed at once. An authority
        counts failures, and a wrong key would cause one for each name.
        """
        problems: dict[str, str] = {}
        tried: dict[str, str] = {}
        for name in names:
            try:
                place = self.place(name)
            except ChallengeError as error:
                problems[name] = str(error)
                continue
            if place.zone not in tried:
                tried[place.zone] = "" if dry else _try(place)
            if tried[place.zone]:
                problems[name] = tried[place.zone]
        return problems


def _expected(
    server: Server, zone: str, names: Collection[str]
) -> tuple[int | None, tuple[RecordSet, ...]]:
    """What name servers must have: the serial of their primary, or the records at a provider.

    Raises ZoneError.
    """
    if isinstance(server, UpdateServer):
        return serial_of(zone, NameServer(server.address, (server.ip(),), server.port)), ()
    content = server.read(zone)
    found = {name: content.get((name, "TXT"), Content((), 0)).values for name in names}
    proofs = {name: tuple(filter(_PROOF.fullmatch, values)) for name, values in found.items()}
    if missing := sorted(name for name in names if not proofs[name]):
        raise ZoneError(f"{server.address} does not have {', '.join(missing)} after it was added")
    return None, tuple(RecordSet(zone, name, "TXT", values) for name, values in proofs.items())


@contextmanager
def _in_time() -> Iterator[None]:
    """End a question that a server does not answer: some of octoDNS's providers would wait on."""

    def end(*_signal: object) -> None:
        raise ZoneError(f"no answer in {_LONGEST} seconds")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(_LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _try(place: Place) -> str:
    try:
        with _in_time():
            place.server.add(place.zone, place.name, "TXT", _text(_PROBE))
            place.server.remove(place.zone, place.name, "TXT", _text(_PROBE))
    except ZoneError as error:
        return f"zone {place.zone}: {error}"
    return ""


def _text(value: str) -> Content:
    return Content((f'"{value}"',), _TTL)


def load(path: Path) -> Challenges:
    """Read a file with `servers`, as the role dns has them, and `wait` in seconds (JSON).

    Raises ChallengeError.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
        found = parse_servers(raw["servers"])
        patience = float(raw["wait"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ChallengeError(f"{path}: {error}") from None
    except ConfigurationError as error:
        raise ChallengeError(f"{path}: {'; '.join(error.problems)}") from None
    servers = {zone: each for zone, each in found.items() if isinstance(each, Server)}
    return Challenges(servers, patience)


def hook(step: str, challenges: Challenges, environment: Mapping[str, str]) -> None:
    """Be certbot's manual hook, for the name in its environment; `step`: present or remove.

    At the last name of an order it waits for the name servers of all. Raises ChallengeError.
    (https://eff-certbot.readthedocs.io/en/stable/using.html#pre-and-post-validation-hooks)
    """
    try:
        name, value = environment["CERTBOT_DOMAIN"], environment["CERTBOT_VALIDATION"]
        last = environment.get("CERTBOT_REMAINING_CHALLENGES") == "0"
        names = environment["CERTBOT_ALL_DOMAINS"].split(",") if last else []
    except KeyError as error:
        raise ChallengeError(f"{error.args[0]} is not set; certbot runs this") from None
    if step == "present":
        challenges.present(name, value, names)
    else:
        challenges.remove(name, value)
