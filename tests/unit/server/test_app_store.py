"""The application with domains of a store."""

from __future__ import annotations

import json
import plistlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server.app import Application
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.read import Store
from mail_autoconfig.store.write import write
from support import answers
from support.answers import (
    CONFIG,
    JSON,
    POX,
    PROFILE,
    Case,
    Reply,
    Row,
    Transport,
    config,
    json_answer,
    pox_request,
    run,
    settings,
)
from support.asgi import transport
from support.stored import move_to_store

SERVERS = [
    {"type": "imap", "host": "mail.acme.test", "username": "{localpart}"},
    {"type": "smtp", "host": "mail.acme.test", "username": "{localpart}"},
]
ROWS = (("imap", "mail.acme.test", 993, "tls"), ("smtp", "mail.acme.test", 465, "tls"))
LOCALPART = "%EMAILLOCALPART%"
DEFINITION = {"provider": "acme", "discovery": "srv"}
LOGINS = {"camille.doe": "camille", "info": "m0815"}
INVENTORY: dict[str, Any] = {
    "domains": [{"name": "own.test", "provider": "gandi"}],
    "providers": {"acme": {"servers": SERVERS}},
    "generic_host": "generic.test",
}
ENTRIES = [
    Entry("a.test", "customers", DEFINITION, LOGINS),
    Entry("b.test", "customers", DEFINITION),
    Entry("own.test", "customers", DEFINITION),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(tmp_path / "store", INVENTORY["providers"], ENTRIES)
    return tmp_path / "store"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store(path, pause=0)) as store:
        yield store


def ask_of(store: Store, **keys: Any) -> Transport:
    return transport(Application(parse(INVENTORY | keys, sources=True), store=store))


@pytest.fixture
def ask(store: Store) -> Transport:
    return ask_of(store)


@pytest.mark.parametrize(
    "case",
    [case for case in answers.cases() if case.layer == "responder"],
    ids=lambda case: case.name,
)
def test_table_with_all_domains_in_the_store(case: Case, tmp_path: Path) -> None:
    rest = move_to_store(tmp_path / "store", answers.configuration())
    with closing(Store(tmp_path / "store")) as store:
        run(case, transport(Application(parse(rest, sources=True), store=store)))


def pox(address: str, login: str, rows: tuple[Row, ...] = ROWS) -> Case:
    expected = settings(login, rows)
    return Case("POX", "POST", "x.test", POX, expected, pox_request(address))


def get(address: str, login: str) -> Case:
    path = f"{CONFIG}?emailaddress={quote(address)}"
    return Case("address", "GET", "x.test", path, config("a.test", ROWS, "a.test", login=login))


def test_order_of_the_look_up(store: Store) -> None:
    default = [*INVENTORY["domains"], {"name": "*", "provider": "acme", "username": "any"}]
    ask = ask_of(store, domains=default)
    run(pox("u@own.test", "u@own.test", answers.GANDI), ask)
    run(pox("u@b.test", "u"), ask)
    run(pox("u@c.test", "any"), ask)


@pytest.mark.parametrize("host", ["b.test", "autoconfig.b.test", "autodiscover.b.test"])
def test_domain_by_its_host(ask: Transport, host: str) -> None:
    run(Case("Host", "GET", host, CONFIG, config("b.test", ROWS, "b.test", login=LOCALPART)), ask)


MAILBOXES = [
    ("camille.doe@a.test", "camille"),
    ("Camille.Doe@A.test", "camille"),
    ("info@a.test", "m0815"),
    ("camille.doe.x@a.test", "camille.doe.x"),
    ("camille.doe@b.test", "camille.doe"),
]


@pytest.mark.parametrize(("address", "login"), MAILBOXES)
def test_log_in_name_of_pox(ask: Transport, address: str, login: str) -> None:
    run(pox(address, login), ask)


@pytest.mark.parametrize(("address", "login"), MAILBOXES[:4])
def test_log_in_name_of_autoconfig(ask: Transport, address: str, login: str) -> None:
    run(get(address, login), ask)


@pytest.mark.parametrize(("address", "login"), MAILBOXES)
def test_log_in_name_of_profile_and_page(ask: Transport, address: str, login: str) -> None:
    reply = ask("https", "GET", "generic.test", f"{PROFILE}?email={quote(address)}", {}, b"")
    (mail,) = plistlib.loads(reply.body)["PayloadContent"]
    assert mail["IncomingMailServerUsername"] == mail["OutgoingMailServerUsername"] == login
    form = f"email={quote(address)}".encode()
    page = ask("https", "POST", "generic.test", "/settings", {}, form)
    assert page.status == 200
    assert page.body.count(f">{login}<".encode()) == 2


def kept(reply: Reply) -> tuple[str | None, ...]:
    """What a cache is told."""
    return tuple(reply.headers.get(each) for each in ("cache-control", "x-accel-expires", "etag"))


def test_answer_that_depends_on_the_address_is_not_kept(ask: Transport) -> None:
    for user in ("camille.doe", "unknown"):
        path = f"{CONFIG}?emailaddress={user}@a.test"
        reply = ask("https", "GET", "autoconfig.a.test", path, {}, b"")
        assert kept(reply) == ("no-store", "0", None)
    for host, path in (
        ("autoconfig.a.test", CONFIG),
        ("autoconfig.b.test", f"{CONFIG}?emailaddress=camille.doe@b.test"),
    ):
        reply = ask("https", "GET", host, path, {}, b"")
        assert kept(reply)[:2] == ("max-age=300", None)
        assert b"%EMAILLOCALPART%" in reply.body


@pytest.mark.parametrize("case", [pox, get])
def test_unknown_mailbox_gets_an_answer_of_the_same_size(
    path: Path, store: Store, case: Callable[[str, str], Case]
) -> None:
    """As one that is there, whose log-in name is as long as the pattern's."""
    write(
        path, INVENTORY["providers"], [Entry("a.test", "customers", DEFINITION, {"anna": "m081"})]
    )
    ask = ask_of(store)
    known, unknown = (
        ask("https", each.method, each.host, each.path, {}, each.body)
        for each in (case("anna@a.test", "m081"), case("emil@a.test", "emil"))
    )
    assert len(known.body) == len(unknown.body)
    assert known.headers == unknown.headers


@pytest.mark.parametrize("name", ["a.test", "xn--bcher-kva.test"])
def test_hosts_of_a_domain_with_names_of_its_own(store: Store, path: Path, name: str) -> None:
    write(path, {}, [Entry(name, "customers", {"provider": "gandi", "pacc": True})])
    ask = ask_of(store)
    json_path = f"{JSON}?Email=u@{name}&Protocol=AutodiscoverV1"
    url = f"https://autodiscover.{name}{POX}"
    run(Case("JSON", "GET", "x.test", json_path, json_answer("AutodiscoverV1", url)), ask)
    page = ask("https", "POST", "generic.test", "/settings", {}, f"email=u@{name}".encode())
    assert page.status == 200
    pacc = "/.well-known/user-agent-configuration.json"
    assert ask("https", "GET", f"ua-auto-config.{name}", pacc, {}, b"").status == 200


def test_hosts_of_a_domain_without(ask: Transport) -> None:
    json_path = f"{JSON}?Email=u@a.test&Protocol=AutodiscoverV1"
    expected = json_answer("AutodiscoverV1", f"https://generic.test{POX}")
    run(Case("JSON", "GET", "x.test", json_path, expected), ask)


def test_outlook_trusts_the_generic_host(store: Store) -> None:
    ask = ask_of(store)
    file = ask("https", "GET", "generic.test", "/outlook.reg", {}, b"").body
    assert '"generic.test"' in file.decode("utf-16")


def test_no_domain_and_no_generic_host(store: Store) -> None:
    ask = ask_of(store, domains=[], generic_host=None)
    json_path = f"{JSON}?Email=u@a.test&Protocol=AutodiscoverV1"
    expected = json_answer("AutodiscoverV1", f"https://autodiscover.a.test{POX}")
    run(Case("JSON", "GET", "x.test", json_path, expected), ask)


def test_file_that_breaks_hurts_nobody(path: Path, store: Store) -> None:
    ask = ask_of(store)
    run(pox("u@b.test", "u"), ask)
    broken = path.with_suffix(".broken")
    broken.write_bytes(b"no database")
    broken.replace(path)
    run(pox("u@b.test", "u"), ask)
    run(pox("u@own.test", "u@own.test", answers.GANDI), ask)
    health = json.loads(ask("https", "GET", "localhost", "/healthz", {}, b"").body)
    assert health["store"]["problem"] == "not a store"
    assert (health["domains"], health["store"]["domains"]) == (1, 3)
