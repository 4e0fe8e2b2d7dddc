"""What many domains cost the responder, as ratios in one run; `bench.py` runs it on the server.

Beside Python's library it needs the program on its path, and wrk.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.read import Store
from mail_autoconfig.store.write import write

ROUNDS = int(os.environ.get("ROUNDS", "7"))
SECONDS = int(os.environ.get("SECONDS_EACH", "2"))
MANY = 100_000
LOGINS = 10  # of each domain
POX = "/autodiscover/autodiscover.xml"
# Asks for mailboxes of `count` domains, in turn or one of them only.
ASK = """
local count, number, mailbox = %d, 0, 0
local schema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/"
request = function()
  number = (number + 7919) %% count
  mailbox = (mailbox + 1) %% 20
  return wrk.format("POST", "/autodiscover/autodiscover.xml",
    {["Host"] = "autodiscover.example.test", ["Content-Type"] = "text/xml"},
    '<Autodiscover xmlns="' .. schema .. 'requestschema/2006"><Request><EMailAddress>'
    .. "first" .. mailbox .. ".last@d" .. number .. ".example.test</EMailAddress>"
    .. "<AcceptableResponseSchema>" .. schema .. "responseschema/2006a"
    .. "</AcceptableResponseSchema></Request></Autodiscover>")
end
"""
GET = """
request = function()
  return wrk.format("GET", "%s", {["Host"] = "%s.d0.example.test"})
end
"""
# A path for each kind of answer to GET, and the Host that asks for it.
GETS = {
    "Autoconfig": ("/mail/config-v1.1.xml?emailaddress=user@d0.example.test", "autoconfig"),
    "Autodiscover, JSON": (
        "/autodiscover/autodiscover.json/v1.0/user@d0.example.test?Protocol=AutodiscoverV1",
        "autodiscover",
    ),
    "the page": ("/", "autoconfig"),
}
DOMAIN = {"provider": "acme", "discovery": "srv"}
USER = {"username": "{localpart}"}
PROVIDERS = {
    "acme": {
        "servers": [
            {"type": "imap", "host": "imap.acme.test", **USER},
            {"type": "pop3", "host": "pop3.acme.test", **USER},
            {"type": "smtp", "host": "smtp.acme.test", **USER},
        ]
    }
}


class Served:
    """The responder with a configuration and maybe a store, on a port of its own."""

    def __init__(
        self,
        place: Path,
        domains: list[dict[str, Any]],
        workers: int = 1,
        socket: Path | None = None,
    ) -> None:
        self.place = place
        place.mkdir()
        self.store = place / "domains.store"
        self.file = place / "config.json"
        self.write(domains)
        self.port = free_port()
        self._at = f"--socket={socket}" if socket else f"--port={self.port}"
        self.workers = workers

    def write(self, domains: list[dict[str, Any]]) -> None:
        """Put another configuration in place, which a reload reads."""
        new = self.file.with_suffix(".new")
        raw = {"domains": domains, "providers": PROVIDERS, "generic_host": "generic.example.test"}
        new.write_text(json.dumps(raw))
        new.replace(self.file)

    @contextmanager
    def running(self) -> Iterator[Served]:
        """Start it and wait until it answers; stop it at the end."""
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.bind(str(self.place / "notify"))
        self._notices = notices
        with subprocess.Popen(
            [sys.executable, "-m", "mail_autoconfig", "serve", self._at,
             f"--workers={self.workers}", f"--store={self.store}", str(self.file)],
            env=os.environ | {"NOTIFY_SOCKET": str(self.place / "notify")},
        ) as self.process:  # fmt: skip
            try:
                notices.recv(1000)
                yield self
            finally:
                self.process.terminate()

    def reload(self) -> float:
        """Reload it; the seconds until it says that it is ready."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGHUP)
        while not self._notices.recv(1000).startswith(b"READY=1"):
            pass
        return time.monotonic() - start

    def memory(self) -> float:
        """MB of all its processes, shared pages counted once."""
        return sum(_kilobytes(each) for each in family(self.process.pid)) / 1000

    def rate(self, count: int) -> tuple[float, float]:
        """POX requests a second that wrk counts, for mailboxes of `count` domains.

        And those that a second of the server's own processor time is enough for: what others do on
        the machine meanwhile does not change it.
        """
        script = self.place / f"ask{count}.lua"
        script.write_text(ASK % count)
        url = f"http://127.0.0.1:{self.port}/"
        return wrk(script, url, self.family())

    def family(self) -> list[int]:
        """Its processes."""
        return family(self.process.pid)


def wrk(script: Path, url: str, processes: list[int]) -> tuple[float, float]:
    """Requests a second, and those that a second of the processes' own time is enough for."""
    before = processor_time(processes)
    command = ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "-s", str(script), url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(output)
    rate = re.search(r"Requests/sec: +([0-9.]+)", output)
    number = re.search(r"([0-9]+) requests in", output)
    assert rate, output
    assert number, output
    return float(rate[1]), int(number[1]) / (processor_time(processes) - before)


def processor_time(processes: list[int]) -> float:
    """Seconds of all these processes."""
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(each for child in children for each in family(int(child)))]


def _kilobytes(process: int) -> int:
    found = re.search(r"^Pss: +(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.M)
    assert found
    return int(found[1])


class Probe:
    """Asks every few milliseconds, on a kept connection and on new ones, in a thread of its own."""

    def __init__(self, port: int, domains: int) -> None:
        self._address = "127.0.0.1", port
        self._domains = domains
        self._end = threading.Event()
        self.times: list[float] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Probe:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        kept, number = None, 0
        while not self._end.is_set():
            number += 1
            start = time.monotonic()
            kept = kept or socket.create_connection(self._address)
            if self._ask(kept, number):
                kept.close()
                kept = None
            self.times.append(time.monotonic() - start)
            start = time.monotonic()
            with socket.create_connection(self._address) as once:
                self._ask(once, number)
            self.times.append(time.monotonic() - start)
            time.sleep(0.002)

    def _ask(self, connection: socket.socket, number: int) -> bool:
        """Ask one thing; whether the server closes the connection after it."""
        domain = f"d{number * 7919 % self._domains}.example.test"
        path = f"/mail/config-v1.1.xml?emailaddress=first1.last@{domain}"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x.test\r\n\r\n".encode())
        answer = b""
        while b"</clientConfig>" not in answer:
            piece = connection.recv(65536)
            if not piece:
                raise SystemExit(f"no whole answer: {answer!r}")
            answer += piece
        return b"connection: close" in answer

    @property
    def worst(self) -> float:
        """Milliseconds of the slowest answer."""
        return max(self.times) * 1000


def plain(count: int) -> list[dict[str, Any]]:
    """Domains of the inventory that share a provider."""
    return [{"name": f"d{number}.example.test", **DOMAIN} for number in range(count)]


def own(count: int, mark: str = "") -> list[dict[str, Any]]:
    """Domains with servers of their own."""
    return [
        {
            "name": f"d{number}.example.test",
            "discovery": "srv",
            "servers": [
                {"type": "imap", "host": f"imap{mark}.d{number}.example.test", **USER},
                {"type": "smtp", "host": f"smtp{mark}.d{number}.example.test", **USER},
            ],
        }
        for number in range(count)
    ]


def entries(changed: int = 0) -> Iterator[Entry]:
    """Many domains, each with log-in names."""
    for number in range(MANY):
        logins = {f"first{each}.last": f"u{number}x{each}" for each in range(LOGINS)}
        if number < changed:
            logins["new.last"] = "new"
        yield Entry(f"d{number}.example.test", "customers", DOMAIN, logins)


def compare(what: str, one: tuple[Served, int], other: tuple[Served, int], wanted: str) -> None:
    """Print the median ratio of two loads at the same time, which what else is done meets alike."""
    with ThreadPoolExecutor(2) as pool:
        pairs = [
            (first.result(), second.result())
            for first, second in (
                (pool.submit(one[0].rate, one[1]), pool.submit(other[0].rate, other[1]))
                for _ in range(ROUNDS)
            )
        ]
    for kind, by in enumerate(("by the clock", "by processor time")):
        ratios = sorted(a[kind] / b[kind] for a, b in pairs)
        print(
            f"{what}, {by}: ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to "
            f"{ratios[-1]:.2f}), {statistics.median(a[kind] for a, _ in pairs):,.0f} against "
            f"{statistics.median(b[kind] for _, b in pairs):,.0f} requests/s; wanted {wanted}",
            flush=True,
        )


def delays(what: str, served: Served, work: Any, wanted: str) -> None:
    """Print the slowest answer while something is done, and while nothing is."""
    with Probe(served.port, MANY) as idle:
        time.sleep(3)
    with Probe(served.port, MANY) as busy:
        start = time.monotonic()
        work()
        took = time.monotonic() - start
        time.sleep(3)
    late = sum(each > 0.05 for each in busy.times)
    print(
        f"{what}: {took:.1f} s; slowest answer {busy.worst:.0f} ms of {len(busy.times)} "
        f"({late} over 50 ms), {idle.worst:.0f} ms without it; wanted {wanted}",
        flush=True,
    )


def throughput(place: Path) -> None:
    """POX with many domains, in the store and in the inventory, against one domain."""
    one = Served(place / "one", plain(1))
    many = Served(place / "many", plain(1))
    listed = Served(place / "listed", plain(10_000))
    write(many.store, PROVIDERS, entries())
    many.write([{"name": "other.example.test", **DOMAIN}])
    with one.running(), many.running(), listed.running():
        compare(
            f"POX, {MANY:,} domains and {MANY * LOGINS:,} log-in names in the store / one domain",
            (many, MANY), (one, 1), "0.9",
        )  # fmt: skip
        compare("POX, 10,000 domains of the inventory / one", (listed, 10_000), (one, 1), "0.9")


def answers(place: Path) -> None:
    """Print what each kind of answer takes, on kept connections and on new ones."""
    served = Served(place / "answers", plain(1000))
    texts = {"Autodiscover, Outlook's XML": ASK % 1000}
    for what, (path, host) in GETS.items():
        texts[what] = GET % (path, host)
    script, url = served.place / "wrk.lua", f"http://127.0.0.1:{served.port}/"
    with served.running():
        for what, text in texts.items():
            found = []
            for more in ("", '["Connection"] = "close", '):
                script.write_text(text.replace('{["Host"]', f'{{{more}["Host"]'))
                rates = [wrk(script, url, served.family())[1] for _ in range(ROUNDS)]
                found.append(1e6 / statistics.median(rates))
            print(f"{what}: {found[0]:.0f} µs, with a new connection {found[1]:.0f} µs", flush=True)


def mailboxes(place: Path) -> None:
    """Print what an unknown mailbox takes, against one with a log-in name of its own."""
    store, others = Store(place / "mailboxes.store"), Store(place / "mailboxes.store")
    write(place / "mailboxes.store", PROVIDERS, entries())
    pairs = [(_seconds(store, 50), _seconds(others, 0)) for _ in range(10 * ROUNDS)]
    print(
        "mailbox that is unknown / known, processor time: ratio "
        f"{statistics.median(a / b for a, b in pairs):.2f}, "
        f"{statistics.median(a for a, _ in pairs) * 1e6:.1f} against "
        f"{statistics.median(b for _, b in pairs) * 1e6:.1f} µs",
        flush=True,
    )


def _seconds(store: Store, first: int) -> float:
    """What one look-up takes, of the mailboxes from a number on."""
    count = 5000
    asked = [
        (f"d{number * 7919 % MANY}.example.test", f"first{first + number % LOGINS}.last")
        for number in range(count)
    ]
    start = time.process_time()
    for domain, localpart in asked:
        store.find(domain, localpart)
    return (time.process_time() - start) / count


def replaced(place: Path) -> None:
    """Memory with a large store, and the delays while it is replaced."""
    served = Served(place / "replaced", plain(1), workers=2)
    write(served.store, PROVIDERS, entries())
    with served.running():
        served.rate(MANY)
        print(f"memory with that store: {served.memory():.0f} MB; wanted 80", flush=True)
        program = f"import responder; responder.rewrite({str(served.store)!r})"
        writer = ["nice", sys.executable, "-c", program]
        path = f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"

        def work() -> None:
            subprocess.run(writer, env=os.environ | {"PYTHONPATH": path}, check=True)

        delays("store of that size written anew, one domain changed", served, work, "100 ms")
        print(f"memory after that: {served.memory():.0f} MB", flush=True)


def rewrite(store: str) -> None:
    """Write the large store with one domain changed."""
    assert write(Path(store), PROVIDERS, entries(changed=1))


def million(place: Path) -> None:
    """What a million domains of one definition take."""
    served = Served(place / "million", plain(1), workers=2)
    start = time.process_time()
    count = 1_000_000
    names = (f"d{number}.example.test" for number in range(count))
    write(served.store, PROVIDERS, (Entry(name, "customers", DOMAIN) for name in names))
    took = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    size = served.store.stat().st_size / 1e6
    with served.running():
        served.rate(count)
        print(
            f"{count:,} domains in the store: {size:.0f} MB, written in {took:.0f} s of computing "
            f"with {peak:.0f} MB; memory of two workers {served.memory():.0f} MB",
            flush=True,
        )


def reloads(place: Path) -> None:
    """The delays of a reload."""
    for what, domains in (("", plain(MANY)), (" with servers of their own", own(MANY))):
        served = Served(place / f"reload{len(what)}", domains, workers=2)
        with served.running():
            name = f"reload, {MANY:,} domains{what}"
            delays(name, served, served.reload, "50 ms")


def leak(place: Path) -> None:
    """Memory with servers for each of 10,000 domains after five reloads."""
    served = Served(place / "leak", own(10_000), workers=2)
    with served.running():
        first = served.memory()
        for number in range(5):
            served.write(own(10_000, str(number)))
            served.reload()
            time.sleep(3)
        reloaded = served.memory()
        served.rate(10_000)
        print(
            f"memory with own servers for each of 10,000 domains: {first:.0f} MB, after five "
            f"reloads {reloaded:.0f} MB (wanted 60), once each was asked for {served.memory():.0f}",
            flush=True,
        )


def main() -> None:
    """Measure all, or what the arguments name."""
    parts = {
        "answers": answers,
        "throughput": throughput,
        "mailboxes": mailboxes,
        "replaced": replaced,
        "million": million,
        "reloads": reloads,
        "leak": leak,
    }
    with tempfile.TemporaryDirectory() as place:
        for name in sys.argv[1:] or parts:
            parts[name](Path(place))


if __name__ == "__main__":
    main()
