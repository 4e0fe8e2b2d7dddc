"""Ask a deployed server as Outlook and Thunderbird do, and say which answers are wrong."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlsplit

from ..formats import pox
from ..formats.words import CONFIG_PATH, POX_PATH, WELL_KNOWN_CONFIG_PATH
from ..inventory import names
from ..inventory.hosts import host_of
from ..inventory.model import DEFAULT, Configuration, Domain
from .endpoints import Answer, Endpoints, explain
from .judges import LOCALPART, CheckError, judge_config, judge_pox, judge_redirect

_THREADS = 32
_OTHER_CASE = "/Autodiscover/Autodiscover.xml"  # as some of Microsoft's clients write POX_PATH


@dataclass(frozen=True, slots=True)
class _Check:
    domain: str
    method: str
    url: str
    body: bytes | None
    judge: Callable[[Answer], None]

    def run(self, endpoints: Endpoints) -> str | None:
        """Return the line for a failure, None if the answer is right."""
        shown = self.url.partition("?")[0]
        try:
            self.judge(endpoints.ask(self.method, self.url, self.body))
        except CheckError as error:
            why = str(error)
        except (OSError, http.client.HTTPException) as error:
            why = explain(error, urlsplit(self.url).hostname or "")
        else:
            return None
        return f"{self.domain}: {self.method} {shown}: {why}"


def verify(
    configuration: Configuration, endpoints: Endpoints, only: Sequence[str] | None = None
) -> int:
    """Ask for each domain, print a line for each failure and a summary; return the exit code."""
    domains = [*configuration.domains.values()]
    if configuration.default and configuration.generic_host:
        domains.append(configuration.default)
    if only:
        chosen = {name: configuration.domains.get(_normalised(name)) for name in only}
        for name, domain in chosen.items():
            if domain is None:
                print(f"{name}: not in the configuration", file=sys.stderr)
                return 2
        domains = [domain for domain in chosen.values() if domain]

    checks = [check for domain in domains for check in _checks(domain, configuration.generic_host)]
    with ThreadPoolExecutor(_THREADS) as pool:
        failures = [line for line in pool.map(lambda check: check.run(endpoints), checks) if line]
    for line in failures:
        print(line, file=sys.stderr)
    right = f"{len(checks) - len(failures)} of " if failures else ""
    print(f"{len(domains)} domain{'s' * (len(domains) != 1)}, {right}{len(checks)} answers right")
    return 1 if failures else 0


def _normalised(name: str) -> str:
    try:
        return names.normalise(name)
    except ValueError:
        return name


def _checks(domain: Domain, generic_host: str | None) -> Iterator[_Check]:
    """The requests of clients that look for the settings of `domain`."""
    name = "unlisted.example" if domain.name == DEFAULT else domain.name
    by_name = host_of("autoconfig", name)
    if domain.discovery == "srv" or domain.name == DEFAULT:
        yield _asks_pox(domain, name, f"https://{generic_host}{POX_PATH}")
        yield _asks_config(domain, name, f"https://{generic_host}{CONFIG_PATH}")
        if domain.name != DEFAULT:
            yield _asks_config(domain, name, f"http://{by_name}{CONFIG_PATH}")
        return
    host = host_of("autodiscover", name)
    for path in (POX_PATH, _OTHER_CASE):
        yield _asks_pox(domain, name, f"https://{host}{path}")
    yield from _asks_redirects(domain, name, host)
    for scheme in ("https", "http"):
        yield _asks_config(domain, name, f"{scheme}://{by_name}{CONFIG_PATH}")
    if domain.apex:
        yield _asks_pox(domain, name, f"https://{name}{POX_PATH}")
        yield _asks_config(domain, name, f"https://{name}{WELL_KNOWN_CONFIG_PATH}")


def _asks_pox(domain: Domain, name: str, url: str) -> _Check:
    judge = partial(judge_pox, domain=domain, name=name)
    return _Check(domain.written, "POST", url, _request(name), judge)


def _request(name: str) -> bytes:
    return pox.request(f"{LOCALPART}@{name}")


def _asks_config(domain: Domain, name: str, url: str) -> _Check:
    asked = f"{url}?emailaddress={quote(f'{LOCALPART}@{name}')}"
    return _Check(
        domain.written, "GET", asked, None, partial(judge_config, domain=domain, name=name)
    )


def _asks_redirects(domain: Domain, name: str, host: str) -> Iterator[_Check]:
    """Outlook asks plain http where to go on: by GET, or by a POST that is to stay one."""
    url, target = f"http://{host}{POX_PATH}", f"https://{host}{POX_PATH}"
    for method, body, status in (("GET", None, 302), ("POST", _request(name), 307)):
        judge = partial(judge_redirect, status=status, location=target)
        yield _Check(domain.written, method, url, body, judge)
