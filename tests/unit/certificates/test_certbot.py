from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from mail_autoconfig.certificates import certbot as certbot_module
from mail_autoconfig.certificates.certbot import Authority, Certbot, problem, refusals
from mail_autoconfig.certificates.orders import DAY, Order
from support import self_signed

URL = "https://acme.test/dir"
CHALLENGE = """
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority \
reported these problems:
  Domain: autoconfig.dead.test
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for autoconfig.dead.test

  Domain: autodiscover.dead.test
  Type:   connection
  Detail: Connection refused

Ask for help or search for solutions at https://community.letsencrypt.org.
"""
HIDDEN = "An unexpected error occurred:\nAttributeError: can't set attribute\n"
LOG = "acme.messages.Error: urn:ietf:params:acme:error:rateLimited :: There were too many\nx\n"


def test_refusals() -> None:
    assert refusals(CHALLENGE) == {
        "autoconfig.dead.test": "DNS problem: NXDOMAIN looking up A for autoconfig.dead.test (dns)",
        "autodiscover.dead.test": "Connection refused (connection)",
    }
    assert refusals(HIDDEN) == {}


@pytest.mark.parametrize(
    ("output", "log", "line"),
    [
        (HIDDEN, LOG, "There were too many (rateLimited)"),
        ("Saving debug log to x\nfirst\nsecond\nthird\n", "", "second; third"),
        (
            "An unexpected error occurred:\nValueError: Requesting a.test: Connection refused\nAsk",
            "",
            "Requesting a.test: Connection refused",
        ),
        ("", "", ""),
    ],
)
def test_problem(output: str, log: str, line: str) -> None:
    assert problem(output, log) == line


def certify(config: Path, certificate: str, *names: str, server: str = URL) -> str:
    """What certbot would leave; returns the certificate (PEM), which is its own root."""
    live = config / "live" / certificate
    self_signed.certify(live, *names)
    (live / "chain.pem").write_bytes((live / "cert.pem").read_bytes())
    (config / "renewal").mkdir(exist_ok=True)
    conf = f"version = 2.1.0\n[renewalparams]\nserver = {server}\n"
    (config / "renewal" / f"{certificate}.conf").write_text(conf)
    return (live / "cert.pem").read_text()


def test_lineages(tmp_path: Path) -> None:
    root = certify(tmp_path, "mail-autoconfig", "b.test", "a.test")
    certify(tmp_path, "mail-autoconfig-2", "c.test", server="https://staging.test/dir")
    certify(tmp_path, "somebody-elses", "d.test")
    (tmp_path / "renewal/mail-autoconfig-3.conf").write_text("")
    found = Certbot(Authority(URL, (), root=root), tmp_path).lineages()
    assert list(found) == ["mail-autoconfig", "mail-autoconfig-2"]
    first, second = found.values()
    assert first.names == {"a.test", "b.test"}
    assert first.identifier != second.identifier
    assert first.identifier.count(".") == 1
    assert (first.server, second.server) == (URL, "https://staging.test/dir")
    assert (first.trusted, second.trusted) == (True, False)
    assert first.ends - first.begins == 90 * DAY
    found = Certbot(Authority(URL, ()), tmp_path).lineages()
    assert all(lineage.trusted for lineage in found.values())


def test_certificate_that_can_not_be_read_is_none(tmp_path: Path) -> None:
    certify(tmp_path, "mail-autoconfig", "a.test")
    (tmp_path / "live/mail-autoconfig/cert.pem").write_text("broken")
    assert Certbot(Authority(URL, ()), tmp_path).lineages() == {}


def test_certificate_without_names(tmp_path: Path) -> None:
    certify(tmp_path, "mail-autoconfig")
    (lineage,) = Certbot(Authority(URL, ()), tmp_path).lineages().values()
    assert lineage.names == frozenset()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of certbot; it writes down its arguments and what it trusts."""
    path = tmp_path / "bin/certbot"
    path.parent.mkdir()
    monkeypatch.setattr(certbot_module, "_PROGRAM", (str(path),))
    monkeypatch.setattr(certbot_module, "_LOG", tmp_path / "log")
    system = tmp_path / "system.pem"
    system.write_text("SYSTEM")
    monkeypatch.setattr(certbot_module, "_SYSTEM_BUNDLE", system)
    return path


def script(path: Path, body: str) -> None:
    kept = (
        f'echo "$@" >> {path.parent}/arguments\ncat $REQUESTS_CA_BUNDLE > {path.parent}/trusted\n'
    )
    path.write_text(f"#!/bin/sh\n{kept}{body}\n")
    path.chmod(0o755)


ORDER = Order("mail-autoconfig-2", ("a.test", "b.test"), "due")


def test_order(program: Path, tmp_path: Path) -> None:
    script(program, "exit 0")
    authority = Authority(URL, ("--webroot", "--webroot-path", "/w"), email="a@b.test")
    assert Certbot(authority, tmp_path / "le").order(ORDER).succeeded
    assert (program.parent / "arguments").read_text().split() == (
        "certonly --agree-tos --renew-with-new-domains --force-renewal --no-autorenew "
        f"--cert-name mail-autoconfig-2 --server {URL} --webroot --webroot-path /w "
        "--email a@b.test --no-eff-email --domain a.test --domain b.test "
        f"--non-interactive --config-dir {tmp_path}/le "
        "--work-dir /var/lib/mail-autoconfig/certificates/certbot/work "
        f"--logs-dir {tmp_path} --max-log-backups 20"
    ).split()
    assert (program.parent / "trusted").read_text() == "SYSTEM"


def test_profile(program: Path, tmp_path: Path) -> None:
    script(program, "exit 0")
    Certbot(Authority(URL, (), profile="tlsserver"), tmp_path).order(ORDER)
    arguments = (program.parent / "arguments").read_text()
    assert " --preferred-profile tlsserver --domain a.test" in arguments


def test_account(tmp_path: Path) -> None:
    certbot = Certbot(Authority(URL, ()), tmp_path)
    assert certbot.account() == ""
    for name, text in ("1", "broken"), ("2", "[]"), ("3", '{"body": {}, "uri": "https://ca/7"}'):
        directory = tmp_path / "accounts/acme.test/dir" / name
        directory.mkdir(parents=True)
        (directory / "regr.json").write_text(text)
    assert certbot.account() == "https://ca/7"


def test_environment_for_another_certbot_is_not_ours(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(program, f"env > {tmp_path}/environment")
    monkeypatch.setenv("CERTBOT_PLUGIN_PATH", "/theirs")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test")
    assert Certbot(Authority(URL, ()), tmp_path).order(ORDER).succeeded
    environment = (tmp_path / "environment").read_text().splitlines()
    assert "HTTPS_PROXY=http://proxy.test" in environment
    assert not [line for line in environment if line.startswith("CERTBOT_")]


def test_launcher_takes_debians_modules_and_no_configuration_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = "certbot", "certbot._internal", "certbot._internal.constants", "certbot.main"
    modules = {name: ModuleType(name) for name in names}
    found: list[object] = []
    constants, main = modules["certbot._internal.constants"], modules["certbot.main"]
    constants.CLI_DEFAULTS = {"config_files": ["/etc/letsencrypt/cli.ini"]}  # type: ignore[attr-defined]
    main.main = found.append  # type: ignore[attr-defined]
    modules["certbot._internal"].constants = constants  # type: ignore[attr-defined]
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    debians = ["/usr/lib/python3.13", "/usr/lib/python3/dist-packages"]
    monkeypatch.setattr(sys, "path", ["/usr/local/lib/python3.13/dist-packages", "", *debians])
    monkeypatch.setattr(sys, "argv", ["-c", "certonly"])
    with pytest.raises(SystemExit):
        exec(certbot_module._LAUNCHER, {})
    assert found == [["certonly"]]
    assert sys.path == debians
    assert constants.CLI_DEFAULTS == {"config_files": []}


def test_authority_of_ones_own_is_trusted_beside_the_others(program: Path, tmp_path: Path) -> None:
    script(program, "exit 0")
    (tmp_path / "ca.pem").write_text("OWN")
    Certbot(Authority(URL, (), ca_file=tmp_path / "ca.pem"), tmp_path).order(ORDER)
    assert (program.parent / "trusted").read_text() == "SYSTEM\nOWN\n"


def test_refused_names_and_other_problems(program: Path, tmp_path: Path) -> None:
    certbot = Certbot(Authority(URL, ()), tmp_path)
    script(program, f"cat <<'END'\n{CHALLENGE}\nEND\nexit 1")
    names = "a.test", "autoconfig.dead.test", "autodiscover.dead.test"
    outcome = certbot.order(Order("mail-autoconfig", names, "due"))
    assert not outcome.succeeded
    assert outcome.refused.keys() == {"autoconfig.dead.test", "autodiscover.dead.test"}
    assert outcome.problem == ""
    script(program, f"cat >> {tmp_path}/log <<'END'\n{LOG}\nEND\nexit 1")
    outcome = certbot.order(ORDER)
    assert (outcome.refused, outcome.problem) == ({}, "There were too many (rateLimited)")
    script(program, "echo no such thing; exit 1")  # what was logged before is not of this
    assert certbot.delete("mail-autoconfig") == "no such thing"


def test_wildcard_is_refused_by_its_domain(program: Path, tmp_path: Path) -> None:
    """Else the same order would be made again and again."""
    certbot = Certbot(Authority(URL, ()), tmp_path)
    said = "  Domain: a.test\n  Type:   dns\n  Detail: no TXT record\n"
    script(program, f"cat <<'END'\n{said}\nEND\nexit 1")
    outcome = certbot.order(Order("mail-autoconfig", ("*.a.test", "b.test"), "due"))
    assert outcome.refused == {"*.a.test": "no TXT record (dns)"}
    outcome = certbot.order(Order("mail-autoconfig", ("b.test",), "due"))
    assert (outcome.refused, bool(outcome.problem)) == ({}, True)


UNPRESENTED = """
Hook '--manual-auth-hook' for a.test reported error code 1
Hook '--manual-auth-hook' for a.test ran with error output:
 a warning
 zone a.test: ns1.a.test does not have _acme-challenge.a.test as wanted
Hook '--manual-auth-hook' for b.test ran with error output:
 a warning
Some challenges have failed.

  Domain: a.test
  Type:   dns
  Detail: no TXT record

  Domain: b.test
  Type:   dns
  Detail: no TXT record
"""


def test_name_whose_proof_could_not_be_presented(program: Path, tmp_path: Path) -> None:
    """Our own line is the reason, where there is one."""
    script(program, f"cat <<'END'\n{UNPRESENTED}END\nexit 1")
    order = Order("mail-autoconfig", ("*.a.test", "a.test", "b.test"), "due")
    outcome = Certbot(Authority(URL, ()), tmp_path).order(order)
    ours = "zone a.test: ns1.a.test does not have _acme-challenge.a.test as wanted"
    assert outcome.refused == {"*.a.test": ours, "a.test": ours, "b.test": "no TXT record (dns)"}


def test_name_that_the_authority_rejects_at_once(program: Path, tmp_path: Path) -> None:
    certbot = Certbot(Authority(URL, ()), tmp_path)
    said = (
        "acme.messages.Error: urn:ietf:params:acme:error:rejectedIdentifier :: The server will not "
        'issue certificates for the identifier :: Error creating new order :: Cannot issue for "b.'
        'test": The ACME server refuses to issue (and 1 more problems.)'
    )
    script(program, f"cat >> {tmp_path}/log <<'END'\n{said}\nEND\nexit 1")
    why = "The ACME server refuses to issue (rejectedIdentifier)"
    assert certbot.order(ORDER).refused == {"b.test": why}


FILES = "".join(f"{each} = /nowhere/{each}.pem\n" for each in certbot_module._REQUIRED)


@pytest.mark.parametrize(
    "conf", ["", "half a line", "[renewalparams]\nserver = x\n", FILES + "[renewalparams]\n"]
)
def test_renewal_that_is_broken(program: Path, tmp_path: Path, conf: str) -> None:
    """certbot would order `mail-autoconfig-2-0001`, and so would the next run."""
    script(program, "exit 0")
    certify(tmp_path, "mail-autoconfig", "c.test")
    certify(tmp_path, "mail-autoconfig-2", "a.test")
    (tmp_path / "renewal/mail-autoconfig-2.conf").write_text(conf)
    certbot = Certbot(Authority(URL, ()), tmp_path)
    assert "mail-autoconfig" in certbot.lineages()
    assert "mail-autoconfig-2.conf is broken; mend it" in certbot.order(ORDER).problem
    assert not (program.parent / "arguments").exists()
    (tmp_path / "renewal/mail-autoconfig-2.conf").write_text(
        FILES.replace("/nowhere", str(tmp_path))
    )
    for each in certbot_module._REQUIRED:
        (tmp_path / f"{each}.pem").touch()
    assert certbot.order(ORDER).succeeded


def test_account_that_the_authority_forgot(program: Path, tmp_path: Path) -> None:
    account = tmp_path / "accounts/acme.test/dir"
    account.mkdir(parents=True)
    said = "urn:ietf:params:acme:error:accountDoesNotExist :: x"
    script(program, f"test -d {account} || exit 0; echo '{said}' >> {tmp_path}/log; exit 1")
    assert Certbot(Authority(URL, ()), tmp_path).order(ORDER).succeeded
    assert account.with_name("dir.forgotten").is_dir()
