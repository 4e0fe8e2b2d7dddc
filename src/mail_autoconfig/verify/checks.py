"""What is asked for a domain: the requests of Outlook and Thunderbird, and how to judge answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlsplit

from ..formats import pox
from ..formats.words import CONFIG_PATH, POX_PATH, WELL_KNOWN_CONFIG_PATH
from ..inventory.hosts import host_of
from ..inventory.model import DEFAULT, Domain
from .endpoints import Answer
from .judges import LOCALPART, judge_config, judge_pox, judge_redirect

_OTHER_CASE = "/Autodiscover/Autodiscover.xml"  # as some of Microsoft's clients write POX_PATH


@dataclass(frozen=True, slots=True)
class Check:
    """A request for a domain; `judge` raises CheckError if the answer is not right."""

    domain: str
    method: str
    url: str
    body: bytes | None
    judge: Callable[[Answer], None]

    @property
    def place(self) -> tuple[str, str]:
        """Scheme and host name."""
        parts = urlsplit(self.url)
        return parts.scheme, parts.hostname or ""

    @property
    def shown(self) -> str:
        """The request without an address."""
        return f"{self.method} {self.url.partition('?')[0]}"


def asked_name(domain: Domain) -> str:
    """The domain of the addresses that are asked for."""
    return "unlisted.example" if domain.name == DEFAULT else domain.name


def pox_host(domain: Domain, generic_host: str | None) -> str:
    """The host name that Outlook asks over https for `domain`."""
    if domain.discovery == "srv" or domain.name == DEFAULT:
        return str(generic_host)
    return host_of("autodiscover", domain.name)


def of_the_answers(domain: Domain, generic_host: str | None) -> Iterator[Check]:
    """One request for each document that depends on the domain."""
    name, host = asked_name(domain), pox_host(domain, generic_host)
    yield _asks_pox(domain, name, f"https://{host}{POX_PATH}")
    host = generic_host if host == generic_host else host_of("autoconfig", name)
    yield _asks_config(domain, name, f"https://{host}{CONFIG_PATH}")


def of_the_clients(domain: Domain, generic_host: str | None) -> Iterator[Check]:
    """All requests of clients that look for the settings of `domain`."""
    name = asked_name(domain)
    by_name = host_of("autoconfig", name)
    if domain.discovery == "srv" or domain.name == DEFAULT:
        yield from of_the_answers(domain, generic_host)
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


def of_port_80(domain: str, name: str, target: str) -> Check:
    """Whether nginx has a name at port 80: it leads to https, at the host `target`."""
    judge = partial(judge_redirect, status=301, location=f"https://{target}/")
    return Check(domain, "GET", f"http://{name}/", None, judge)


def _asks_pox(domain: Domain, name: str, url: str) -> Check:
    judge = partial(judge_pox, domain=domain, name=name)
    return Check(domain.written, "POST", url, _request(name), judge)


def _request(name: str) -> bytes:
    return pox.request(f"{LOCALPART}@{name}")


def _asks_config(domain: Domain, name: str, url: str) -> Check:
    asked = f"{url}?emailaddress={quote(f'{LOCALPART}@{name}')}"
    return Check(
        domain.written, "GET", asked, None, partial(judge_config, domain=domain, name=name)
    )


def _asks_redirects(domain: Domain, name: str, host: str) -> Iterator[Check]:
    """Outlook asks plain http where to go on: by GET, or by a POST that is to stay one."""
    url, target = f"http://{host}{POX_PATH}", f"https://{host}{POX_PATH}"
    for method, body, status in (("GET", None, 302), ("POST", _request(name), 307)):
        judge = partial(judge_redirect, status=status, location=target)
        yield Check(domain.written, method, url, body, judge)
