"""The doctor's replays ask what the real clients ask: both meet the same recording web server."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from e2e.lab import ROOT, START_TIMEOUT, Client, Network, address, run
from e2e.test_deltachat import DeltaChat, RequestError
from e2e.test_evolution import start as start_evolution
from e2e.test_kde import start as start_kde
from e2e.test_thunderbird import start as start_thunderbird
from mail_autoconfig.doctor.case import Case
from mail_autoconfig.doctor.data import Outcome
from mail_autoconfig.doctor.fetch import Fetcher
from mail_autoconfig.doctor.replays import Replay
from mail_autoconfig.doctor.replays.others import replay_delta_chat, replay_evolution, replay_kmail
from mail_autoconfig.doctor.replays.thunderbird import replay_thunderbird
from mail_autoconfig.doctor.resolve import Resolver
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server.app import Application
from support.answers import POX, pox_request
from support.asgi import transport

ZONE = "replay.test"
CONFIG = "/mail/config-v1.1.xml"
KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
GENERIC = f"https://generic.test{POX}"

Asked = tuple[str, str, str]
"""Method, URL and body of a request."""


def answers() -> dict[str, Any]:
    """What is answered: each domain leaves one way to its settings."""
    host = f"mail.{ZONE}"
    servers = [{"type": "imap", "host": host}, {"type": "smtp", "host": host}]
    domain = {"name": ZONE, "servers": servers}
    ask = transport(Application(parse({"domains": [domain]})))
    config = ask("https", "GET", f"autoconfig.{ZONE}", CONFIG, {}, b"")
    pox = ask("https", "POST", f"autodiscover.{ZONE}", POX, {}, pox_request(f"u@{ZONE}"))
    config_reply, pox_reply = (
        [200, {"Content-Type": "text/xml"}, reply.body.decode()] for reply in (config, pox)
    )
    post = f"POST http://autodiscover.{{}}.{ZONE}{POX}"
    return {
        f"GET https://autoconfig.own.{ZONE}{CONFIG}": config_reply,
        f"GET https://known.{ZONE}{KNOWN}": config_reply,
        f"GET https://absent.{ZONE}{KNOWN}": config_reply,
        f"GET http://autoconfig.plain.{ZONE}{CONFIG}": config_reply,
        f"GET http://plainknown.{ZONE}{KNOWN}": config_reply,
        f"GET https://autoconfig.mx.test{CONFIG}": config_reply,
        f"POST https://autodiscover.pox.{ZONE}{POX}": pox_reply,
        f"POST https://root.{ZONE}{POX}": pox_reply,
        f"GET https://autodiscover.get.{ZONE}{POX}": pox_reply,
        post.format("redirect307"): [307, {"Location": GENERIC}, ""],
        post.format("redirect302"): [302, {"Location": GENERIC}, ""],
        f"GET {GENERIC}": [405, {"Allow": "POST"}, ""],
        f"POST {GENERIC}": pox_reply,
    }


BY_AUTOCONFIG = ["own", "known", "plain", "plainknown", "mx"]
DOMAINS = ["nothing", *BY_AUTOCONFIG, "pox", "root", "get", "redirect307", "redirect302", "srv"]
RECORDS = [
    f"--address=/autoconfig.absent.{ZONE}/",
    f"--mx-host=mx.{ZONE},host.mx.test,10",
    f"--srv-host=_autodiscover._tcp.srv.{ZONE},generic.test,443",
]


class Recorder(Network):
    """A web server that keeps what it is asked, and a name server that leads to it alone."""

    def __init__(self) -> None:
        self._docker = docker.from_env()
        names = [ZONE, "mx.test", "generic.test"]
        wild = [f"*.{name}" for name in (*names, *(f"{domain}.{ZONE}" for domain in DOMAINS))]
        source = (ROOT / "tests/e2e/recorder.py").read_text()
        command = ["python3", "-c", source, "/authority.pem", json.dumps(answers()), *names, *wild]
        self._recorder = self.start("debian:13", command)
        options = [
            option
            for name in names
            # Without the latter there would be no answer at all about AAAA.
            for option in (f"--address=/{name}/{address(self._recorder)}", f"--local=/{name}/")
        ]
        dnsmasq = ["dnsmasq", "--keep-in-foreground", "--user=root", "--no-hosts", "--no-resolv"]
        log = ["--log-queries", "--log-facility=-"]
        self._names = self.start("services", [*dnsmasq, *log, *options, *RECORDS])
        deadline = time.monotonic() + START_TIMEOUT
        while '"ready"' not in self._lines():
            assert time.monotonic() < deadline, self._recorder.logs().decode()
            time.sleep(0.2)

    def _lines(self) -> list[str]:
        output: bytes = self._recorder.logs(stderr=False)
        return output.decode().splitlines()

    def resolver(self) -> Resolver:
        return Resolver(address(self._names))

    def authorities(self) -> str:
        made = run(self._recorder, "cat", "/authority.pem")
        assert made
        return made

    def asked(self, client: str) -> list[Asked]:
        """What a client's address has asked, in its order."""
        lines = [json.loads(line) for line in self._lines()[1:]]
        return [
            shape(line["method"], line["url"], line["body"])
            for line in lines
            if line["client"] == client
        ]

    def looked_up(self, domain: str, client: str) -> set[tuple[str, str]]:
        """The records of a domain, but addresses, that a client's address has asked for."""
        log = self._names.logs().decode()
        found = re.findall(rf"query\[(MX|SRV|TXT)\] (\S+) from {re.escape(client)}\n", log)
        return {(name, type_) for type_, name in found if name.endswith(domain)}

    def requests(self, client: str) -> Counter[str]:
        return Counter(url for _, url, _ in self.asked(client))

    def mail_log(self, client: str) -> list[str]:  # noqa: ARG002  # there is no mail server
        return []

    def start_client(self, image: str, command: Sequence[str], **options: Any) -> Container:
        return self.start(image, command, dns=[address(self._names)], **options)

    def close(self) -> None:
        for container in self._recorder, self._names:
            container.remove(force=True)


def shape(method: str, url: str, body: str) -> Asked:
    """A request without what makes no difference: the white space between elements."""
    return method, url, re.sub(r">\s+<", "><", body)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    started = Recorder()
    yield started
    started.close()


@pytest.fixture(scope="module")
def authority(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "ca.pem"
    path.write_text(recorder.authorities())
    return path


def play(replay: Replay, recorder: Recorder, authority: Path, domain: str) -> Outcome:
    """The replay of a client for a user of a domain."""

    async def run() -> Outcome:
        resolver = recorder.resolver()
        fetcher = Fetcher(resolver, allow_private=True, ca=authority)
        return await replay(Case(domain, f"user.name@{domain}", fetcher, resolver))

    return asyncio.run(run())


def replayed(outcome: Outcome) -> list[Asked]:
    requests = (exchange.request for exchange in outcome.exchanges)
    return [shape(each.method, each.url, each.body.decode()) for each in requests]


@pytest.fixture(scope="module")
def thunderbird_client(recorder: Recorder) -> Iterator[Client]:
    client = start_thunderbird(recorder, {})
    yield client
    client.close()


@pytest.fixture(scope="module")
def evolution_client(recorder: Recorder) -> Iterator[Client]:
    client = start_evolution(recorder)
    yield client
    client.close()


@pytest.fixture(scope="module")
def delta_chat_client(recorder: Recorder) -> Iterator[DeltaChat]:
    client = DeltaChat(recorder)
    yield client
    client.client.close()


@pytest.mark.parametrize("name", DOMAINS)
def test_thunderbird(
    recorder: Recorder, authority: Path, thunderbird_client: Client, name: str
) -> None:
    """All at once, so without an order; what has lost by then may be cut off before it is sent."""
    domain = f"{name}.{ZONE}"
    before = len(recorder.asked(thunderbird_client.address))
    found = thunderbird_client.ask(["find", f"user.name@{domain}"])
    real = Counter(recorder.asked(thunderbird_client.address)[before:])
    outcome = play(replay_thunderbird, recorder, authority, domain)
    assert bool(found) == (outcome.verdict != "fails")
    assert real <= Counter(replayed(outcome))
    if name in ("nothing", "srv", "redirect302"):
        assert real == Counter(replayed(outcome))
    if found:
        assert (found["source"] == "xml") == (name in BY_AUTOCONFIG)
        assert [url for _, url, _ in real if url.partition("?")[0] == outcome.source]
        assert bool(found["asked"]) == (outcome.verdict == "asks")
        imap = next(setting for setting in outcome.settings if setting.type == "imap")
        assert (imap.host, imap.port) == (
            found["incoming"]["hostname"],
            found["incoming"]["port"],
        )
    lookups = {(lookup.name, lookup.type) for lookup in outcome.lookups}
    assert recorder.looked_up(domain, thunderbird_client.address) == lookups


@pytest.mark.parametrize("name", DOMAINS)
def test_evolution(
    recorder: Recorder, authority: Path, evolution_client: Client, name: str
) -> None:
    domain = f"{name}.{ZONE}"
    before = len(recorder.asked(evolution_client.address))
    found = evolution_client.ask(f"user.name@{domain}")
    outcome = play(replay_evolution, recorder, authority, domain)
    assert recorder.asked(evolution_client.address)[before:] == replayed(outcome)
    assert bool(found) == (outcome.verdict == "found")


@pytest.fixture(scope="module")
def kde_client(recorder: Recorder) -> Iterator[Client]:
    client = start_kde(recorder)
    yield client
    client.close()


@pytest.mark.parametrize("name", ["nothing", "own", "plain", "absent"])
def test_kmail(recorder: Recorder, authority: Path, kde_client: Client, name: str) -> None:
    domain = f"{name}.{ZONE}"
    before = len(recorder.asked(kde_client.address))
    found = kde_client.ask(f"user.name@{domain}")
    expected = replayed(outcome := play(replay_kmail, recorder, authority, domain))
    # What finds no host is asked of nobody.
    arrived = [each for each in expected if f"//autoconfig.absent.{ZONE}" not in each[1]]
    assert recorder.asked(kde_client.address)[before:] == arrived
    assert bool(found) == (outcome.verdict == "found")


@pytest.mark.parametrize("name", ["nothing", "own", "known", "get"])
def test_delta_chat(
    recorder: Recorder, authority: Path, delta_chat_client: DeltaChat, name: str
) -> None:
    """It asks twice over where no log-in succeeds, and here there is no mail server."""
    domain = f"{name}.{ZONE}"
    before = len(recorder.asked(delta_chat_client.client.address))
    with pytest.raises(RequestError):
        delta_chat_client.set_up(f"user.name@{domain}")
    outcome = play(replay_delta_chat, recorder, authority, domain)
    real = recorder.asked(delta_chat_client.client.address)[before:]
    assert list(dict.fromkeys(real)) == replayed(outcome)
