"""The program in a process of its own, with a store that others replace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from threading import Event

import pytest

from mail_autoconfig.host import replace_file
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.file import digest_of
from mail_autoconfig.store.write import write
from support.answers import POX, pox_request
from support.served import ENVIRONMENT, Service, UnixConnection, ask

DEFINITION = {"provider": "gandi", "username": "{localpart}"}
OWN = ("example.test", "a.test")


def put(service: Service, *names: str) -> None:
    write(
        service.store, {}, [Entry(name, "customers", DEFINITION, {"info": "m1"}) for name in names]
    )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    put(service, "a.test")
    service.start("--workers=2", "--socket", str(service.socket), "--store", str(service.store))
    yield service
    service.close()


def wait_for(service: Service, domain: str, status: int) -> float:
    """The seconds until each worker answers so."""
    start = time.monotonic()
    right = 0
    with ThreadPoolExecutor(8) as pool:  # one after the other, all may get the same worker
        while right < 5:
            assert time.monotonic() < start + 10
            said = {*pool.map(service.ask, [domain] * 8)}
            right = right + 1 if said == {status} else 0
    return time.monotonic() - start


def ask_until_open(service: Service, domain: str) -> None:
    """Until each worker has read the file: on a busy machine one may answer all for long."""
    assert service.process
    process, file = service.process.pid, service.store.stat().st_ino
    workers = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    start = time.monotonic()
    while not all(file in open_files(worker) for worker in workers):
        assert time.monotonic() < start + 10
        service.ask(domain)


def open_files(process: str) -> set[int]:
    found = set()
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(each.stat().st_ino)
    return found


def keep_asking(service: Service, domains: Sequence[str], end: Event) -> list[int]:
    statuses = []
    with closing(UnixConnection(service.socket)) as kept:
        while not end.is_set():
            statuses += [ask(kept, domain) for domain in domains]
            statuses += [service.ask(domain) for domain in domains]
    return statuses


def test_new_domain_is_answered_within_a_second_without_a_reload(service: Service) -> None:
    assert service.ask("a.test") == 200
    assert service.ask("b.test") == 404
    put(service, "b.test")
    assert wait_for(service, "b.test", 200) < 1
    assert service.ask("a.test") == 404
    assert service.health()["store"] == {
        "domains": 1, "digest": digest_of(service.store), "problem": ""
    }  # fmt: skip


def test_replaced_store_under_load_fails_no_request(service: Service) -> None:
    end = Event()
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(keep_asking, service, OWN, end) for _ in range(2)]
        try:
            for count in range(1, 6):
                put(service, "a.test", *(f"d{number}.test" for number in range(1000 * count)))
                wait_for(service, f"d{1000 * count - 1}.test", 200)
        finally:
            end.set()
        statuses = [status for future in asking for status in future.result()]
    assert len(statuses) > 100
    assert set(statuses) == {200}


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" * 1000])
def test_corrupt_store_hurts_nobody(service: Service, content: bytes) -> None:
    assert {service.ask(domain) for domain in OWN} == {200}
    replace_file(service.store, content)
    time.sleep(0.6)
    assert {service.ask(domain) for domain in OWN for _ in range(10)} == {200}
    assert service.health()["store"]["problem"]
    said = "domains.store: "
    assert service.log.read_text().count(said) == 1  # by one worker for both
    put(service, "b.test")
    ask_until_open(service, "b.test")
    replace_file(service.store, content)
    time.sleep(0.6)
    assert {service.ask("b.test") for _ in range(10)} == {200}
    assert service.log.read_text().count(said) == 2  # another time


def test_store_that_goes_hurts_nobody(service: Service) -> None:
    assert service.ask("a.test") == 200
    service.store.unlink()
    time.sleep(0.6)
    assert {service.ask(domain) for domain in OWN for _ in range(10)} == {200}


WRITE = f"""
from pathlib import Path
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.write import write

def endless():
    for number in range(10 ** 9):
        yield Entry(f"d{{number}}.test", "customers", {DEFINITION}, {{"a": "b"}})
        if number == 1000:
            print("begun", flush=True)

write(Path(SYS), {{}}, endless())
"""


def test_killed_writer_hurts_nobody(service: Service) -> None:
    before = digest_of(service.store)
    program = WRITE.replace("SYS", repr(str(service.store)))
    with subprocess.Popen(
        [sys.executable, "-c", program], env=ENVIRONMENT, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"begun\n"
        writer.send_signal(signal.SIGKILL)
    assert digest_of(service.store) == before
    assert {service.ask(domain) for domain in OWN} == {200}
    put(service, "b.test")
    wait_for(service, "b.test", 200)
    assert [path.name for path in service.store.parent.glob(".*")] == []


def test_without_a_domain_in_the_inventory(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.write({"domains": []})
    put(service, "a.test")
    try:
        service.start("--socket", str(service.socket), "--store", str(service.store))
        assert (service.ask("a.test"), service.ask("example.test")) == (200, 404)
    finally:
        service.close()


def test_log_in_name_is_in_no_log(service: Service) -> None:
    with closing(UnixConnection(service.socket)) as connection:
        connection.request("POST", POX, pox_request("info@a.test"))
        assert b"<LoginName>m1</LoginName>" in connection.getresponse().read()
    os.truncate(service.store, 4096)
    with closing(UnixConnection(service.socket)) as connection:
        connection.request("POST", POX, pox_request("info@a.test"))
        connection.getresponse()
    assert "info" not in service.log.read_text().lower()
