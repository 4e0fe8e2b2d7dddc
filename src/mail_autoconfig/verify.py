"""Ask a deployed server as Outlook and Thunderbird do, and compare with the configuration.

Standard library alone, so that it runs from any machine.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from .inventory import names
from .inventory.model import DEFAULT, Configuration, Domain, Redirect

_TIMEOUT = 10.0  # seconds for each step of a request
_THREADS = 32
_PATIENCE = 120  # seconds to wait for the server's rate limit
_LONGEST_ANSWER = 1 << 20  # octets
_LOCALPART = "mail-autoconfig-verify"
_POX = "http://schemas.microsoft.com/exchange/autodiscover"
_POX_ROOT = f"{{{_POX}/responseschema/2006}}"
_POX_ANSWER = f"{{{_POX}/outlook/responseschema/2006a}}"
_POX_PATHS = "/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"
_CONFIG_PATH = "/mail/config-v1.1.xml"
_WELL_KNOWN_PATH = "/.well-known/autoconfig/mail/config-v1.1.xml"

Row = tuple[str, str, str, str, str]
"""Type, host, port, security and login of one server, as an answer says it."""


class CheckError(Exception):
    """An answer that is not right; the text says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    location: str
    body: bytes


class Endpoints:
    """Where and how to connect: by DNS, or to one address for all names."""

    def __init__(
        self,
        https: tuple[str, int] | None = None,
        http: tuple[str, int] | None = None,
        ca: Path | None = None,
        insecure: bool = False,
    ) -> None:
        """Raise OSError if `ca` holds no certificates."""
        self._addresses = {"https": https, "http": http}
        self._context = ssl.create_default_context(cafile=str(ca) if ca else None)
        if insecure:
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE

    def ask(self, method: str, url: str, body: bytes | None = None) -> Answer:
        """Send one request; where a rate limit is met, wait and ask again.

        Raises OSError, http.client.HTTPException.
        """
        deadline = time.monotonic() + _PATIENCE
        while True:
            answer = self._ask_once(method, url, body)
            if answer.status != 429 or time.monotonic() > deadline:
                return answer
            time.sleep(1)

    def _ask_once(self, method: str, url: str, body: bytes | None) -> Answer:
        parts = urlsplit(url)
        host = parts.hostname or ""
        default_port = 443 if parts.scheme == "https" else 80
        address = self._addresses[parts.scheme] or (host, default_port)
        connection = http.client.HTTPConnection(host, timeout=_TIMEOUT)
        headers = {"Content-Type": "text/xml; charset=utf-8"} if body else {}
        try:
            connection.sock = socket.create_connection(address, _TIMEOUT)
            if parts.scheme == "https":
                connection.sock = self._context.wrap_socket(connection.sock, server_hostname=host)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return Answer(
                response.status,
                response.getheader("Content-Type", ""),
                response.getheader("Location", ""),
                response.read(_LONGEST_ANSWER),
            )
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class _Check:
    domain: str
    method: str
    url: str
    body: bytes | None
    judge: Callable[[Answer], None]

    def run(self, endpoints: Endpoints) -> str | None:
        """Return the line for a failure, None if the answer is right."""
        try:
            self.judge(endpoints.ask(self.method, self.url, self.body))
        except (CheckError, OSError, http.client.HTTPException) as error:
            shown = self.url.partition("?")[0]
            return f"{self.domain}: {self.method} {shown}: {_explain(error, shown)}"
        return None


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
    email = f"{_LOCALPART}@{name}"
    query = f"?emailaddress={quote(email)}"
    request = (
        f'<?xml version="1.0" encoding="utf-8"?>'
        f'<Autodiscover xmlns="{_POX}/outlook/requestschema/2006"><Request>'
        f"<EMailAddress>{email}</EMailAddress>"
        f"<AcceptableResponseSchema>{_POX}/outlook/responseschema/2006a</AcceptableResponseSchema>"
        f"</Request></Autodiscover>"
    ).encode()

    def pox(answer: Answer) -> None:
        _judge_pox(answer, domain, name, email)

    def config(answer: Answer) -> None:
        _judge_config(answer, domain, name)

    def redirect(status: int) -> Callable[[Answer], None]:
        return lambda answer: _judge_redirect(answer, status, f"https://{host}{_POX_PATHS[0]}")

    if domain.discovery == "srv" or domain.name == DEFAULT:
        yield _Check(domain.written, "POST", f"https://{generic_host}{_POX_PATHS[0]}", request, pox)
        url = f"https://{generic_host}{_CONFIG_PATH}{query}"
        yield _Check(domain.written, "GET", url, None, config)
        if domain.name != DEFAULT:
            url = f"http://autoconfig.{name}{_CONFIG_PATH}{query}"
            yield _Check(domain.written, "GET", url, None, config)
        return

    host = f"autodiscover.{name}"
    for path in _POX_PATHS:
        yield _Check(domain.written, "POST", f"https://{host}{path}", request, pox)
    url = f"http://{host}{_POX_PATHS[0]}"
    yield _Check(domain.written, "GET", url, None, redirect(302))
    yield _Check(domain.written, "POST", url, request, redirect(307))
    for scheme in ("https", "http"):
        url = f"{scheme}://autoconfig.{name}{_CONFIG_PATH}{query}"
        yield _Check(domain.written, "GET", url, None, config)
    if domain.apex:
        yield _Check(domain.written, "POST", f"https://{name}{_POX_PATHS[0]}", request, pox)
        url = f"https://{name}{_WELL_KNOWN_PATH}{query}"
        yield _Check(domain.written, "GET", url, None, config)


def _judge_pox(answer: Answer, domain: Domain, name: str, email: str) -> None:
    root = _xml(answer)
    if domain.settings.redirect:
        _judge_pox_redirect(root, domain.settings.redirect, name)
        return
    if not domain.settings.autodiscover or not domain.settings.mail_servers:
        code = root.findtext(f"{_POX_ROOT}Response/{_POX_ROOT}Error/{_POX_ROOT}ErrorCode")
        if code != "501":
            raise CheckError("should be error 501, since these settings are Exchange's to give")
        return
    if root.tag != f"{_POX_ROOT}Autodiscover":
        raise CheckError(f"the root is {root.tag}; something else than mail-autoconfig answers")
    code = root.findtext(f"{_POX_ROOT}Response/{_POX_ROOT}Error/{_POX_ROOT}ErrorCode")
    if code:
        raise CheckError(f"error {code}; run the playbook again, this domain is not served")
    found = []
    for protocol in root.iter(f"{_POX_ANSWER}Protocol"):
        row = {child.tag.removeprefix(_POX_ANSWER): child.text or "" for child in protocol}
        if row.get("Type") in ("DAV", "WEB"):
            continue
        security = {"onSSL": "tls", "onTLS": "starttls", "offNone": "none"}.get(
            row.get("SSL", "") + row.get("Encryption", ""), "unclear security"
        )
        values = [row.get(key, "") for key in ("Type", "Server", "Port", "LoginName")]
        found.append((values[0].lower(), values[1], values[2], security, values[3]))
    login = {"{email}": email, "{localpart}": _LOCALPART, "{domain}": name}
    expected = _expected(domain, name, login)
    if domain.settings.autodiscover_xml:  # may hold such elements too, after ours
        found = found[: len(expected)]
    _compare(found, expected)


def _judge_pox_redirect(root: ET.Element, redirect: Redirect, name: str) -> None:
    element = f"{_POX_ANSWER}Redirect{'Addr' if redirect.kind == 'address' else 'Url'}"
    found = root.findtext(f"{_POX_ANSWER}Response/{_POX_ANSWER}Account/{element}")
    target = redirect.target.replace("{localpart}", _LOCALPART).replace("{domain}", name)
    if found != target:
        raise CheckError(f"leads to {found or 'nowhere'}; should lead to {target}")


def _judge_config(answer: Answer, domain: Domain, name: str) -> None:
    if not domain.settings.mail_servers:
        if answer.status != 404:
            raise CheckError(f"status {answer.status}; should be 404, since it has no mail servers")
        return
    root = _xml(answer)
    if root.tag != "clientConfig":
        raise CheckError(f"the root is {root.tag}; something else than mail-autoconfig answers")
    security = {"SSL": "tls", "STARTTLS": "starttls", "plain": "none"}
    found = [
        (
            server.get("type", ""),
            server.findtext("hostname", ""),
            server.findtext("port", ""),
            security.get(server.findtext("socketType", ""), "unclear security"),
            server.findtext("username", ""),
        )
        for server in root.iterfind("emailProvider/*")
        if server.find("hostname") is not None
    ]
    login = {
        "{email}": "%EMAILADDRESS%",
        "{localpart}": "%EMAILLOCALPART%",
        "{domain}": "%EMAILDOMAIN%",
    }
    _compare(found, _expected(domain, name, login))


def _judge_redirect(answer: Answer, status: int, location: str) -> None:
    if answer.status != status or answer.location != location:
        raise CheckError(
            f"status {answer.status} {answer.location}; should be {status} to {location}"
        )


def _expected(domain: Domain, name: str, login: dict[str, str]) -> list[Row]:
    rows: list[Row] = []
    for server in domain.settings.mail_servers:
        username = server.username
        for placeholder, value in login.items():
            username = username.replace(placeholder, value)
        rows.append(
            (server.type, server.host_for(name), str(server.port), server.security, username)
        )
    return rows


def _compare(found: list[Row], expected: list[Row]) -> None:
    if found != expected:
        raise CheckError(
            f"answers {_shown(found)}; the configuration says {_shown(expected)}; "
            "run the playbook again"
        )


def _shown(rows: list[Row]) -> str:
    return ", ".join(" ".join(row) for row in rows) or "no server"


def _xml(answer: Answer) -> ET.Element:
    if answer.status != 200:
        raise CheckError(f"status {answer.status}; should be 200; see nginx and mail-autoconfig")
    if answer.content_type.partition(";")[0].strip() not in ("text/xml", "application/xml"):
        raise CheckError(f"content type {answer.content_type!r}; should be text/xml")
    try:
        if b"<!DOCTYPE" in answer.body:  # no entities from whoever stands in the server's place
            raise ValueError
        return ET.fromstring(answer.body)  # noqa: S314
    except (ET.ParseError, ValueError):
        raise CheckError(
            "no well-formed XML; something else than mail-autoconfig answers"
        ) from None


def _explain(error: Exception, url: str) -> str:
    host = urlsplit(url).hostname
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"certificate verify failed: {error.verify_message.rstrip('.')}; "
            f"order a certificate for {host}, or name its authority with --ca"
        )
    if isinstance(error, socket.gaierror):
        return f"no such name; add a DNS record for {host}"
    if isinstance(error, TimeoutError):
        return "no answer in time; does a firewall stop this port?"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is nginx running?"
    if isinstance(error, OSError):
        return f"{error.strerror or error}; see the log of nginx"
    if isinstance(error, http.client.HTTPException):
        return f"no HTTP answer ({type(error).__name__}); is this port nginx's?"
    return str(error)
