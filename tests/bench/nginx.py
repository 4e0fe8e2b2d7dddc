"""What nginx adds to the responder, as ratios in one run; `bench.py` runs it on the server.

    python3 -m bench.nginx TEMPLATE [static|https]

It runs in the directory above, and needs the program on its path, Jinja, nginx, openssl and wrk.
TEMPLATE is that of the role nginx; the limits for one address are lifted. nginx has one worker, and
so has the responder: what each computes for a request is what counts, by its processor time, since
the clock shows what else the machine does.
"""

from __future__ import annotations

import getpass
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench import responder
from bench.responder import ROUNDS, Served, family, free_port

NGINX = os.environ.get("NGINX_BINARY", shutil.which("nginx") or "/usr/sbin/nginx")
ON_ONE_CERTIFICATE = 25  # domains
MUCH = 1_000_000
NEW = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -batch"
CONF = """
daemon off; user {user}; worker_processes 1; pid {place}/nginx.pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{
    sendfile on; tcp_nopush on; types_hash_max_size 2048; access_log {place}/access.log;
    default_type application/octet-stream;
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
    include {place}/site.conf;
    server {{ listen 127.0.0.1:{static}; access_log off; root {place}/www; }}
}}
"""
GET = """
wrk.path = "/mail/config-v1.1.xml?emailaddress=user@d0.example.test"
wrk.headers["Host"] = "autoconfig.d0.example.test"
"""


class Site:
    """nginx before a responder with so many domains, each of which has names of its own."""

    def __init__(self, place: Path, template: Path, count: int) -> None:
        self.place = place
        place.mkdir()
        self.count = count
        domains = [{"name": f"d{n}.example.test", "provider": "acme"} for n in range(count)]
        self.responder = Served(place / "responder", domains, socket=place / "socket")
        self.static, self.http, self.https = free_port(), free_port(), free_port()
        (place / "www").mkdir()
        (place / "site.conf").write_text(self._site(template))
        (place / "nginx.conf").write_text(
            CONF.format(place=place, static=self.static, user=getpass.getuser())
        )

    def _site(self, template: Path) -> str:
        names = [
            [f"{kind}.d{n}.example.test" for n in range(start, start + ON_ONE_CERTIFICATE)
             for kind in ("autodiscover", "autoconfig") if n < self.count]
            for start in range(0, self.count, ON_ONE_CERTIFICATE)
        ]  # fmt: skip
        names[0].append("localhost")  # which wrk asks TLS for
        certificates = [(f"c{n}", each) for n, each in enumerate(names)]
        tls = self.place / "tls"
        (tls / "c0").mkdir(parents=True)
        for name, _names in certificates[1:]:
            (tls / name).symlink_to("c0")
        certificate = "-subj /CN=bench -keyout privkey.pem -out fullchain.pem"
        subprocess.run(
            ["openssl", *NEW.split(), *certificate.split()],
            cwd=tls / "c0",
            check=True,
            capture_output=True,
        )
        listens = [
            {
                "at": f"127.0.0.1:{port}",
                "address": "127.0.0.1",
                "tls": encrypted,
                "proxy": False,
                "http2": True,
            }
            for port, encrypted in ((self.http, False), (self.https, True))
        ]
        kinds = ("answers", "json", "xml", "page", "form", "profile")
        environment = Environment(
            trim_blocks=True,
            lstrip_blocks=True,
            loader=FileSystemLoader(template.parent),
            undefined=StrictUndefined,
        )
        environment.filters["comment"] = lambda text: f"# {text}"
        return environment.get_template(template.name).render(
            ansible_managed="of the bench",
            inventory_hostname="bench",
            autoconfig_certificates_host="",
            __autoconfig={
                "nginx": {"listens": listens, "bucket_size": 128, "hash_size": 65536},
                "names": [name for each in names for name in each],
                "plain_names": [],
                "fingerprint": "0123456789abcdef" * 4,
            },
            __autoconfig_groups={
                "certificates": [{"name": name, "names": each} for name, each in certificates]
            },
            __autoconfig_has_ipv6=False,
            __autoconfig_names_of_sources=False,
            __autoconfig_nginx_balancers=[],
            __autoconfig_nginx_behind_proxy=False,
            __autoconfig_tls=tls,
            __autoconfig_acme=self.place / "acme",
            __autoconfig_socket=self.place / "socket",
            __nginx_cache=self.place / "cache",
            __nginx_cache_seconds=10,
            __nginx_limits={each: {"rate": MUCH, "burst": MUCH} for each in kinds},
            __nginx_connections=100,
            __nginx_http2_directive=False,
            __nginx_proof="/in-force",
            __nginx_digest="",
        ).replace("/var/log/nginx", str(self.place))  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[Site]:
        """Start both and wait until they answer; stop them at the end."""
        with self.responder.running(), subprocess.Popen(
            [NGINX, "-e", "/dev/null", "-c", str(self.place / "nginx.conf"), "-p", str(self.place)],
        ) as self.nginx:  # fmt: skip
            try:
                (self.place / "www/static.xml").write_bytes(self._answer())
                yield self
            finally:
                self.nginx.terminate()

    def _answer(self) -> bytes:
        url = f"http://127.0.0.1:{self.http}/mail/config-v1.1.xml"
        for _attempt in range(100):
            try:
                host = {"Host": "autoconfig.d0.example.test"}
                with urlopen(Request(url, headers=host)) as answer:
                    return bytes(answer.read())
            except OSError:
                time.sleep(0.2)
        raise SystemExit("nginx does not answer")

    def rate(self, script: str, url: str) -> tuple[float, float]:
        """Requests a second, and those that a second of nginx and the responder is enough for."""
        (self.place / "wrk.lua").write_text(script)
        return responder.wrk(
            self.place / "wrk.lua", url, [*family(self.nginx.pid), *self.responder.family()]
        )


def compare(what: str, one: Callable[[], Any], other: Callable[[], Any], wanted: str) -> None:
    """Print the median ratio of two loads that take turns."""
    pairs = [(one(), other()) for _ in range(ROUNDS)]
    for kind, by in enumerate(("by the clock", "by processor time")):
        ratios = sorted(a[kind] / b[kind] for a, b in pairs)
        print(
            f"{what}, {by}: ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to "
            f"{ratios[-1]:.2f}), {statistics.median(a[kind] for a, _ in pairs):,.0f} against "
            f"{statistics.median(b[kind] for _, b in pairs):,.0f} requests/s; wanted {wanted}",
            flush=True,
        )


def static(place: Path, template: Path) -> None:
    """Autoconfig from the cache against a file of the same size, served by the same nginx."""
    for count in (1, 10_000):
        with Site(place / f"static{count}", template, count).running() as site:
            url = f"http://127.0.0.1:{site.http}/"
            file = f"http://127.0.0.1:{site.static}/static.xml"
            compare(
                f"autoconfig GET through nginx, {count:,} domains / static file",
                lambda: site.rate(GET, url),  # noqa: B023 (called at once)
                lambda: site.rate("", file),  # noqa: B023
                "0.85",
            )


def https(place: Path, template: Path) -> None:
    """Outlook's XML through nginx, on kept connections with TLS, against the responder alone."""
    with Site(place / "https", template, 1).running() as site:
        alone = Served(place / "alone", [{"name": "d0.example.test", "provider": "acme"}])
        ask = (responder.ASK % 1).replace(
            "autodiscover.example.test", "autodiscover.d0.example.test"
        )
        with alone.running():
            compare(
                "POX through nginx with https / the responder alone",
                lambda: site.rate(ask, f"https://localhost:{site.https}/"),
                lambda: alone.rate(1),
                "0.5",
            )


def main() -> None:
    """Measure all, or what the arguments name."""
    parts = {"static": static, "https": https}
    template, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as place:
        for name in names or parts:
            parts[name](Path(place), Path(template))


if __name__ == "__main__":
    main()
