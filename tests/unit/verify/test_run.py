from __future__ import annotations

import itertools
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mail_autoconfig import cli
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.server.app import Application
from mail_autoconfig.sources import report
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.write import write
from mail_autoconfig.verify import outside
from mail_autoconfig.verify.endpoints import Answer, Endpoints, Shown
from support import answers
from support.answers import POX, Reply
from support.asgi import transport
from support.local_servers import Unix, Web, certificate, of_an_authority


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
        if (scheme, path) == ("http", "/"):
            target = host if host in NAMES else "generic.test"
            reply = Reply(301, {"location": f"https://{target}/"}, b"")
        elif scheme == "http" and host.startswith("autodiscover."):
            headers = {"location": f"https://{host}{POX}"}
            reply = Reply(302 if method == "GET" else 307, headers, b"")
        else:
            reply = self.ask(scheme, method, host, path, {}, body)
        return self.change(reply)


NAMES = [
    "example.test",
    "apex.test",
    "generic.test",
    "ua-auto-config.example.test",
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
    # Seven domains with six requests each, two more for each apex, three for SRV, two for *; and
    # the certificate of each name.
    assert run.verify() == (0, [], f"14 domains, {66 + len(NAMES)} answers right\n")


def test_only(run: Run) -> None:
    assert run.verify("--only", "Bücher.test") == (0, [], "1 domain, 8 answers right\n")


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


def test_a_proxy_and_sources(run: Run, tmp_path: Path) -> None:
    """Their domains come without a run: no list has them."""
    raw = answers.configuration()
    raw["domains"] = [{"name": "plain.test", "provider": "corp", "discovery": "srv"}]
    run.configure(raw | {"generic_host": "generic.test"})
    store = ["--as-proxy", run.front.address("http"), "--store", str(tmp_path / "none")]
    (tmp_path / "nginx.conf").touch()
    none, named = (["--named", str(tmp_path / name)] for name in ("none", "nginx.conf"))
    for more, by in ([], "http alone"), (none, "http alone"), (named, "https and http"):
        run.ca = [*store, *more]
        code, problems, said = run.verify()
        assert (code, problems) == (0, [])
        assert said.splitlines()[2] == (
            f"The web server in front passes on, {by}, whatever the domain: "
            "autodiscover.* autoconfig.*"
        )


def test_some_domains_stand_for_all_of_a_source(run: Run, tmp_path: Path) -> None:
    keys = {"provider": "gandi", "discovery": "srv"}
    names = [f"d{number}.test" for number in range(60)]
    write(tmp_path / "store", {}, [Entry(name, "x", keys) for name in names])
    _code, _problems, said = run.verify("--store", str(tmp_path / "store"))
    own = len(RAW["domains"])  # with that for all others, which is no domain
    assert said.startswith(f"{own + 30} of {own - 1 + 60} domains, ")


def test_json_has_how_the_sources_are(run: Run, tmp_path: Path) -> None:
    down = report.Report(time=1, sources={"a": report.State(problem="down")})
    report.save(down, tmp_path, None, begun=0)
    _code, _problems, said = run.verify("--json", "--sources", str(tmp_path))
    found = json.loads(said)["sources"]
    assert found["sources"]["a"]["problem"] == "down"
    assert [each.partition(" 1970")[0] for each in found["problems"]] == ["no run since"]
    assert "sources" not in json.loads(run.verify("--json")[2])


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
        "example.test: https://autodiscover.example.test: its certificate is not trusted: "
        "self-signed certificate; name the root of its authority "
        "(autoconfig_certificates_acme_root_file, or --ca)"
    )


@pytest.mark.parametrize("authority", [["--any-ca"], []])
def test_any_authority_but_not_any_name(run: Run, authority: list[str]) -> None:
    """A name that is missing is said first, and once: whoever signed the certificate."""
    run.ca = ["--any-ca"]
    assert run.verify()[0] == 0
    run.ca = authority
    run.configure({"domains": [{"name": "added.test", "provider": "gandi"}]})
    code, lines, _ = run.verify()
    assert code == 1
    assert [line for line in lines if "https://" in line.split()[1]] == [
        f"added.test: https://{kind}.added.test: "
        "the certificate that is shown does not have this name"
        for kind in ("autodiscover", "autoconfig")
    ]
    assert len(lines) == 3  # and by http, which has no certificate, it is not served either


def test_expired_certificate_of_any_authority(run: Run, tmp_path: Path) -> None:
    run.front.close()
    run.front = Front(RAW, certificate(tmp_path, NAMES, days=-1))
    run.ca = ["--any-ca"]
    assert "certificate has expired" in run.failure()


def test_authority_without_key_identifiers(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python refuses it since 3.13; mail clients do not."""
    default = ssl.create_default_context

    def as_on_python_3_13(**trusted: Any) -> ssl.SSLContext:
        context = default(**trusted)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    root, leaf = of_an_authority(tmp_path, NAMES)
    run.front.close()
    run.front = Front(RAW, leaf)
    run.ca = ["--ca", str(root)]
    host, port = run.front.address("https").split(":")
    strict = as_on_python_3_13(cafile=root)
    with (
        socket.create_connection((host, int(port))) as raw,
        pytest.raises(ssl.SSLCertVerificationError, match="Missing"),
    ):
        strict.wrap_socket(raw, server_hostname="example.test")
    monkeypatch.setattr(ssl, "create_default_context", as_on_python_3_13)
    assert run.verify()[0] == 0


def test_self_signed_certificates_below_a_directory(run: Run, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"tls/{number}").mkdir(parents=True)
    (tmp_path / "tls/0/fullchain.pem").write_bytes(Path(run.ca[1]).read_bytes())
    (tmp_path / "other").mkdir()
    other = certificate(tmp_path / "other", ["other.test"])
    (tmp_path / "tls/1/fullchain.pem").write_bytes(other.read_bytes())
    (tmp_path / "tls/received").touch()
    run.ca = ["--ca", str(tmp_path / "tls")]
    assert run.verify()[0] == 0
    (tmp_path / "tls/0/fullchain.pem").unlink()
    assert "its certificate is not trusted: " in run.failure()
    (tmp_path / "tls/1/fullchain.pem").unlink()
    assert run.verify()[1] == [f"{tmp_path / 'tls'}: no certificates: no fullchain.pem below it"]


def test_ca_file_without_certificates(run: Run, tmp_path: Path) -> None:
    run.ca = ["--ca", str(tmp_path / "config.json")]
    code, (line,), _ = run.verify()
    assert code == 1
    assert line.startswith(f"{tmp_path / 'config.json'}: no certificates: ")


def test_other_settings_than_configured(run: Run) -> None:
    run.configure({"domains": [{"name": "example.test", "provider": "fastmail"}]})
    code, lines, summary = run.verify()
    assert (code, summary) == (1, "1 domain, 4 of 8 answers right\n")
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
    assert run.verify() == (0, [], "1 domain, 8 answers right\n")
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
    assert (code, summary) == (1, "1 domain, 12 answers right\n")
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


@pytest.fixture
def behind(run: Run, tmp_path: Path) -> Iterator[Unix]:
    """The responder behind the front, on a unix socket."""
    ask = transport(Application(parse(RAW)))
    unix = Unix(
        lambda scheme, method, host, path, body: ask(scheme, method, host, path, {}, body),
        tmp_path / "socket",
    )
    run.ca += ["--socket", str(tmp_path / "socket")]
    yield unix
    unix.close()


def test_responder_for_all_and_nginx_for_some(
    run: Run, behind: Unix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All names of nginx, all domains of the responder, whole requests for a few domains."""
    monkeypatch.setattr("mail_autoconfig.verify.run._FEW", 2)
    code, lines, summary = run.verify()
    assert (code, lines) == (0, [])
    # Two requests a domain; certificate and redirect of each name, and twelve plain names; of two
    # domains all.
    assert len(behind.log) == 2 * 14
    names = 2 * len(NAMES) + 2 * 6
    assert f" {2 * 14 + names + 6 + 8} answers right" in summary
    assert behind.connections < len(behind.log)  # they are kept


def test_sample_of_very_many_domains(
    run: Run, behind: Unix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each certificate is looked at, not each name; a name that is on none is found."""
    for name, value in (("_ALL", 5), ("_AT_A_TIME", 2), ("_FEW", 3)):
        monkeypatch.setattr(f"mail_autoconfig.verify.run.{name}", value)
    asked: list[str] = []
    certificate = Endpoints.certificate

    def counted(endpoints: Endpoints, host: str) -> Shown:
        asked.append(host)
        return certificate(endpoints, host)

    monkeypatch.setattr(Endpoints, "certificate", counted)
    code, lines, summary = run.verify()
    assert (code, lines) == (0, [])
    assert len(asked) == 2
    assert len(behind.log) == 2 * 3
    assert summary.endswith(" answers right for a sample of 3\n")
    asked.clear()
    added = {"name": "added.test", "provider": "gandi"}
    run.configure(RAW | {"domains": [*RAW["domains"], added]})
    code, _, printed = run.verify("--json")
    found = json.loads(printed)
    assert code == 1
    assert set(found["uncertified"]) == {"autodiscover.added.test", "autoconfig.added.test"}
    assert len(asked) <= 4
    assert found["sample"] == 3


@pytest.mark.usefixtures("behind")
def test_name_that_nginx_does_not_have_at_port_80(run: Run) -> None:
    def change(reply: Reply) -> Reply:
        there = reply.headers.get("location") == "https://autoconfig.corp.test/"
        return Reply(404, {}, b"") if there else reply

    run.front.change = change
    code, lines, _ = run.verify()
    assert (code, lines) == (
        1,
        [
            "corp.test: GET http://autoconfig.corp.test/: "
            "status 404 ; should be 301 to https://autoconfig.corp.test/"
        ],
    )


@pytest.mark.usefixtures("behind")
def test_responder_that_does_not_know_a_domain(run: Run) -> None:
    """What nginx says of a sample would not show it."""
    added = {"name": "srv2.test", "provider": "gandi", "discovery": "srv"}
    run.configure(RAW | {"domains": [*RAW["domains"], added]})
    assert run.verify("--only", "corp.test")[0] == 0
    code, lines, _ = run.verify("--only", "srv2.test")
    assert code == 1
    assert lines[0].startswith("srv2.test: POST https://generic.test/autodiscover/autodiscover.xml")


def test_responder_that_is_down(run: Run, behind: Unix) -> None:
    behind.close()
    run.ca[-1] += "-gone"
    code, lines, _ = run.verify("--only", "corp.test")
    assert code == 1
    said = "there is no socket of the responder; is mail-autoconfig.socket active?"
    assert lines[0].endswith(said)


def test_json_has_the_records_of_names_without_a_certificate(run: Run) -> None:
    run.configure({"domains": [{"name": "added.test", "provider": "gandi"}]})
    code, _, printed = run.verify("--json", "--address", "192.0.2.7", "--address", "127.0.0.1")
    found = json.loads(printed)
    assert (code, found["domains"]) == (1, ["added.test"])
    assert found["uncertified"] == {
        "autodiscover.added.test": {
            "domain": "added.test",
            "sourced": False,
            "records": [
                "autodiscover.added.test. 3600 IN A 192.0.2.7",
                "_autodiscover._tcp.added.test. 3600 IN SRV 0 0 443 autodiscover.added.test.",
            ],
        },
        "autoconfig.added.test": {
            "domain": "added.test",
            "sourced": False,
            "records": ["autoconfig.added.test. 3600 IN A 192.0.2.7"],
        },
    }
    (failure,) = found["failures"]
    assert failure["what"] == "GET http://autoconfig.added.test/mail/config-v1.1.xml"
