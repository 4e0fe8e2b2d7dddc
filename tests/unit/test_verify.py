from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig import cli
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server.app import Application
from mail_autoconfig.verify import outside
from mail_autoconfig.verify.endpoints import Answer, Endpoints
from support import answers
from support.answers import POX, Reply
from support.asgi import transport
from support.local_servers import Web, certificate


class Front:
    """What nginx does: redirects, and the application behind; `change` breaks it."""

    def __init__(self, raw: dict[str, Any], certificate: Path) -> None:
        configuration = parse(raw)
        self.ask = transport(Application(configuration))
        self.change: Callable[[Reply], Reply] = lambda reply: reply
        self._web = Web(self.answer, certificate)
        self.clients = self._web.clients

    def address(self, scheme: str) -> str:
        return f"127.0.0.1:{self._web.port(scheme)}"

    def close(self) -> None:
        self._web.close()

    def answer(self, scheme: str, method: str, host: str, path: str, body: bytes) -> Reply:
        if scheme == "http" and host.startswith("autodiscover."):
            headers = {"location": f"https://{host}{POX}"}
            reply = Reply(302 if method == "GET" else 307, headers, b"")
        else:
            reply = self.ask(scheme, method, host, path, {}, body)
        return self.change(reply)


NAMES = [
    "example.test",
    "apex.test",
    "generic.test",
    *(
        f"{prefix}.{domain}.test"
        for prefix in ("autodiscover", "autoconfig")
        for domain in ("example", "corp", "xn--bcher-kva", "exchange", "groupware", "moved", "apex")
    ),
]
RAW = answers.configuration()
RAW["generic_host"] = "generic.test"
RAW["domains"] += [
    {"name": "srv.test", "provider": "gandi", "discovery": "srv"},
    {"name": "*", "provider": "ovh"},
]


class Run:
    """A front, and the command that asks it."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.front = Front(RAW, certificate(directory, NAMES))
        self.ca: list[str] = ["--ca", str(directory / "certificate.pem")]
        self._file = directory / "config.json"
        self._capsys = capsys
        self.configure(RAW)

    def configure(self, raw: dict[str, Any]) -> None:
        self._file.write_text(json.dumps(raw), "utf-8")

    def verify(self, *arguments: str) -> tuple[int, list[str], str]:
        """The exit code, the lines of failures and the summary."""
        connect = ["--connect", self.front.address("https")]
        connect += ["--connect-http", self.front.address("http")]
        code = cli.main(["verify", *connect, *self.ca, *arguments, str(self._file)])
        output = self._capsys.readouterr()
        return code, output.err.splitlines(), output.out

    def failure(self, *arguments: str) -> str:
        """The line of the first failure."""
        code, lines, _ = self.verify("--only", "example.test", *arguments)
        assert code == 1
        return lines[0]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    run = Run(tmp_path, capsys)
    yield run
    run.front.close()


def test_all_right(run: Run) -> None:
    # Seven domains with six requests each, two more for each apex, three for SRV, two for *.
    assert run.verify() == (0, [], "14 domains, 66 answers right\n")


def test_only(run: Run) -> None:
    assert run.verify("--only", "Bücher.test") == (0, [], "1 domain, 6 answers right\n")


def test_only_what_is_not_configured(run: Run) -> None:
    assert run.verify("--only", "other.test") == (2, ["other.test: not in the configuration"], "")


def test_as_a_proxy_that_passes_on_without_tls(run: Run) -> None:
    """What it does not ask is said: it sees neither the proxy's names nor its certificate."""
    raw = answers.configuration()
    raw["domains"] = [{"name": "corp.test", "provider": "corp"}]
    raw["domains"] += [{"name": "plain.test", "provider": "corp", "discovery": "srv"}]
    raw["generic_host"] = "generic.test"
    run.configure(raw)
    run.ca = ["--as-proxy", run.front.address("http")]
    assert run.verify() == (
        0,
        [],
        "2 domains, 9 answers right\n"
        "The web server in front passes on, https and http: "
        "generic.test autodiscover.corp.test autoconfig.corp.test\n"
        "The web server in front passes on, http alone: "
        "autodiscover.plain.test autoconfig.plain.test\n"
        "Not verified from outside: run the doctor on any other machine, "
        "mail-autoconfig doctor user@corp.test\n",
    )


def test_a_proxy_for_many_clients(run: Run) -> None:
    """No limit for one client address holds it up."""
    run.ca = ["--as-proxy", run.front.address("http")]
    assert run.verify()[:2] == (0, [])
    clients = run.front.clients
    assert len(clients) == len(set(clients)) == 66


def test_a_proxy_for_more_names_than_fit_a_line(run: Run) -> None:
    many = [{"name": f"d{number}.test", "provider": "gandi"} for number in range(30)]
    run.configure({"domains": many})
    run.ca = ["--as-proxy", run.front.address("http")]
    code, lines, said = run.verify()
    assert (code, len(lines)) == (1, 120)
    assert said.splitlines()[1].endswith(
        " autoconfig.d19.test and 20 more, all in nginx's zz-mail-autoconfig.conf"
    )


def test_untrusted_certificate(run: Run) -> None:
    run.ca = []
    assert run.failure() == (
        "example.test: POST https://autodiscover.example.test/autodiscover/autodiscover.xml: "
        "certificate verify failed: self-signed certificate; order a certificate for "
        "autodiscover.example.test, or name its authority with --ca"
    )


def test_insecure(run: Run) -> None:
    run.ca = ["--insecure"]
    assert run.verify()[0] == 0


def test_name_that_is_not_on_the_certificate(run: Run) -> None:
    added = {"name": "added.test", "provider": "gandi"}
    run.configure({"domains": [added]})
    code, lines, summary = run.verify()
    assert (code, summary) == (1, "1 domain, 2 of 6 answers right\n")
    assert "Hostname mismatch" in lines[0]
    assert lines[0].endswith(
        "order a certificate for autodiscover.added.test, or name its authority with --ca"
    )


def test_ca_file_without_certificates(run: Run, tmp_path: Path) -> None:
    run.ca = ["--ca", str(tmp_path / "config.json")]
    code, (line,), _ = run.verify()
    assert code == 1
    assert line.startswith(f"{tmp_path / 'config.json'}: no certificates: ")


def test_other_settings_than_configured(run: Run) -> None:
    run.configure({"domains": [{"name": "example.test", "provider": "fastmail"}]})
    code, lines, summary = run.verify()
    assert (code, summary) == (1, "1 domain, 2 of 6 answers right\n")
    assert (
        "answers imap mail.gandi.net 993 tls mail-autoconfig-verify@example.test, pop3 " in lines[0]
    )
    assert "; the configuration says imap imap.fastmail.com 993 tls mail-auto" in lines[0]


def test_other_login_than_configured(run: Run) -> None:
    domain = {"name": "example.test", "provider": "gandi", "username": "{localpart}"}
    run.configure({"domains": [domain]})
    _, lines, _ = run.verify()
    assert "the configuration says imap mail.gandi.net 993 tls mail-autoconfig-verify," in lines[0]
    assert "the configuration says imap mail.gandi.net 993 tls %EMAILLOCALPART%," in lines[2]


def test_domain_that_the_server_does_not_know(run: Run, tmp_path: Path) -> None:
    run.front.close()
    without_default = answers.configuration() | {"domains": answers.configuration()["domains"][1:]}
    run.front = Front(without_default, tmp_path / "certificate.pem")
    assert run.failure().endswith("error 500; run the playbook again, this domain is not served")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(502, {}, b""), "status 502; should be 200; see nginx and mail-autoconfig"),
        (
            Reply(200, {"content-type": "text/html"}, b"<html/>"),
            "content type 'text/html'; should be text/xml",
        ),
        (
            Reply(200, {"content-type": "text/xml"}, b"<html>"),
            "no well-formed XML; something else than mail-autoconfig answers",
        ),
        (
            Reply(200, {"content-type": "text/xml"}, b"<!DOCTYPE html><html/>"),
            "no well-formed XML; something else than mail-autoconfig answers",
        ),
        (
            Reply(200, {"content-type": "text/xml"}, b"<html/>"),
            "the root is html; something else than mail-autoconfig answers",
        ),
    ],
)
def test_other_answer(run: Run, reply: Reply, said: str) -> None:
    run.front.change = lambda _: reply
    assert run.failure().endswith(f": {said}")


def test_wrong_redirect(run: Run) -> None:
    def no_307(reply: Reply) -> Reply:
        return Reply(302, reply.headers, b"") if reply.status == 307 else reply

    run.front.change = no_307
    target = "https://autodiscover.example.test/autodiscover/autodiscover.xml"
    assert run.failure() == (
        "example.test: POST http://autodiscover.example.test/autodiscover/autodiscover.xml: "
        f"status 302 {target}; should be 307 to {target}"
    )


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (
            {"provider": "microsoft365"},
            "redirects to nowhere; should redirect to "
            "https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml",
        ),
        (
            {"provider": "gandi", "redirect": {"address": "{localpart}@{domain}.example"}},
            "redirects to nowhere; should redirect to mail-autoconfig-verify@corp.test.example",
        ),
        (
            {"provider": "own"},
            "should be error 501, since these settings are Exchange's to give",
        ),
    ],
)
def test_exchange_settings_must_not_be_given(run: Run, more: dict[str, Any], problem: str) -> None:
    servers = [{"type": kind, "host": "mail.corp.test"} for kind in ("imap", "smtp")]
    own = {"servers": servers, "autodiscover": False}
    run.configure({"domains": [{"name": "corp.test"} | more], "providers": {"own": own}})
    _, lines, _ = run.verify()
    assert lines[0].endswith(problem)


@pytest.mark.parametrize(
    "more",
    [
        {"servers": [{"type": "caldav", "url": "https://dav.corp.test/"}]},
        {"provider": "corp", "autodiscover_xml": "<Protocol><Type>EXHTTP</Type></Protocol>"},
    ],
)
def test_no_mail_server_and_own_elements(
    more: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = RAW | {"domains": [{"name": "corp.test"} | more]}
    run = Run(tmp_path, capsys)
    run.front.ask = transport(Application(parse(raw)))
    run.configure(raw)
    assert run.verify() == (0, [], "1 domain, 6 answers right\n")
    run.front.close()


def test_rate_limit_is_waited_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    count = itertools.count()
    run.front.change = lambda reply: reply if next(count) % 2 else Reply(429, {}, b"")
    assert run.verify()[0] == 0
    assert next(count) > 43


def test_nothing_listens(run: Run) -> None:
    run.front.close()
    assert run.failure().endswith("connection refused; is nginx running?")


def test_plain_http_where_https_should_be(run: Run) -> None:
    line = run.failure("--connect", run.front.address("http"))
    assert "see the log of nginx" in line


def test_https_where_plain_http_should_be(run: Run) -> None:
    line = run.failure("--connect-http", run.front.address("https"))
    assert line.startswith("example.test: GET http://")
    assert line.endswith(("is this port nginx's?", "see the log of nginx"))


def test_proxy_in_front_that_asks_by_plain_http() -> None:
    """As Cloudflare's mode Flexible does: our own redirect to https is its answer over https."""
    answers = {
        "flexible.test": Answer(301, "", f"https://flexible.test{POX}", b""),
        "moved.test": Answer(302, "", f"https://elsewhere.test{POX}", b""),
        "right.test": Answer(200, "text/xml", "", b""),
    }

    def ask(method: str, url: str) -> Answer:
        assert method == "GET"
        host = url.split("/")[2]
        if host not in answers:
            raise ConnectionRefusedError
        return answers[host]

    (line,) = outside.loops([*answers, "unknown.test"], ask)
    assert line.startswith("flexible.test: by DNS, https://flexible.test/autodiscover/")
    assert "Full (strict)" in line


def test_proxy_in_front_fails_the_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(endpoints: Endpoints, method: str, url: str, body: bytes | None = None) -> Answer:
        known = not endpoints._addresses["https"]
        return Answer(307, "", url, b"") if known else real(endpoints, method, url, body)

    real = Endpoints.ask_once
    monkeypatch.setattr(Endpoints, "ask_once", ask)
    code, lines, summary = run.verify("--only", "example.test")
    assert (code, summary) == (1, "1 domain, 8 answers right\n")
    assert any(line.startswith("autodiscover.example.test: by DNS") for line in lines)


def test_name_that_does_not_resolve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"domains": [{"name": "example.invalid", "provider": "gandi"}]}))
    assert cli.main(["verify", str(file)]) == 1
    assert (
        capsys.readouterr()
        .err.splitlines()[0]
        .endswith("no such name; add a DNS record for autodiscover.example.invalid")
    )
