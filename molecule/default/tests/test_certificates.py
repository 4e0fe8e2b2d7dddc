"""Certificates, from Pebble and from elsewhere."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import pytest
import yaml

from support.answers.base import DOMAINS
from support.deployed import CA, ROOT, SERVERS, Server, changes, converge, play

ONLY = "--tags=certificates"


def names(server: Server) -> list[str]:
    return [name for _, name in server.certificate()["subjectAltName"]]


def serials() -> list[str]:
    return [server.certificate()["serialNumber"] for server in SERVERS]


def test_certificate_has_all_served_names_and_no_other(server: Server) -> None:
    expected = [
        f"{kind}.{domain}.{server.suffix}"
        for kind in ("autoconfig", "autodiscover")
        for domain in ["apex", "corp", "example", "exchange", "groupware", "moved", "xn--bcher-kva"]
    ]
    others = ("apex", "auto.example", "example", "ua-auto-config.example")
    expected += [f"{name}.{server.suffix}" for name in others]
    assert sorted(names(server)) == sorted(expected)


def test_private_key_is_for_root_alone(server: Server) -> None:
    key = server.host.file("/etc/mail-autoconfig/tls/current/privkey.pem")
    resolved = server.run("readlink --canonicalize /etc/mail-autoconfig/tls/current/privkey.pem")
    assert key.exists
    assert server.run(f"stat --format %a:%U {resolved}").strip() == "600:root"


def test_renewal_is_served(server: Server) -> None:
    """By what the timer starts; molecule/certificates has the cases."""
    timer = server.host.service("mail-autoconfig-certificates.timer")
    assert timer.is_enabled
    assert timer.is_running
    before = server.certificate()["serialNumber"]
    server.run("systemctl start mail-autoconfig-certificates.service")
    assert server.certificate()["serialNumber"] == before
    server.run("mail-autoconfig certificates --renew mail-autoconfig")
    deadline = time.monotonic() + 10  # nginx's old workers may take one more connection
    while server.certificate()["serialNumber"] == before:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_name_that_fails_leaves_the_old_certificate_and_is_named() -> None:
    """nginx does not know it, so it does not answer the authority."""
    before = serials()
    unknown = {"name": "unknown.{{ suffix }}", "provider": "gandi"}
    result = play(
        "mailhost.autoconfig.server",
        ONLY,
        autoconfig_domains=[*yaml.safe_load(DOMAINS.read_text())["autoconfig_domains"], unknown],
        autoconfig_certificates_strict=True,
    )
    assert result.returncode == 2
    for server in SERVERS:
        assert f"autoconfig.unknown.{server.suffix}: points elsewhere: " in result.stdout
    assert serials() == before
    converge(ONLY)
    assert serials() == before
    assert changes(converge(ONLY)) == 0


def test_selfsigned_and_existing_and_back() -> None:
    before = serials()
    assert changes(converge(ONLY, autoconfig_certificates_mode="selfsigned")) > 0
    assert changes(converge(ONLY, autoconfig_certificates_mode="selfsigned")) == 0
    for server in SERVERS:
        shown = server.run(
            "openssl s_client -connect 127.0.0.1:443 "
            f"-servername autoconfig.corp.{server.suffix} "
            "-CAfile /etc/mail-autoconfig/tls/mail-autoconfig/fullchain.pem -verify_return_error "
            f"-verify_hostname autoconfig.corp.{server.suffix} </dev/null"
        )
        assert "Verify return code: 0 (ok)" in shown

    live = "/etc/mail-autoconfig/certbot/live/mail-autoconfig"
    wrong = play(
        "mailhost.autoconfig.server",
        ONLY,
        autoconfig_certificates_mode="existing",
        autoconfig_certificates_existing_certificate=f"{live}/fullchain.pem",
        autoconfig_certificates_existing_key="/etc/mail-autoconfig/tls/placeholder/privkey.pem",
    )
    assert wrong.returncode == 2
    assert "they do not belong together" in wrong.stdout
    existing: dict[str, Any] = {
        "autoconfig_certificates_mode": "existing",
        "autoconfig_certificates_existing_certificate": f"{live}/fullchain.pem",
        "autoconfig_certificates_existing_key": f"{live}/privkey.pem",
    }
    assert changes(converge(ONLY, **existing)) > 0
    assert changes(converge(ONLY, **existing)) == 0
    assert serials() == before
    converge(ONLY)
    assert serials() == before


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"autoconfig_certificates_mode": ""},
            "autoconfig_certificates_mode is not set; use letsencrypt, acme, selfsigned or",
        ),
        (
            {"autoconfig_certificates_mode": "letsencrypt"},
            "autoconfig_certificates_letsencrypt_environment is not set; use",
        ),
        (
            {"autoconfig_certificates_acme_directory": "http://x"},
            "use the https URL of the authority's ACME",
        ),
    ],
)
def test_bad_mode(variables: dict[str, Any], line: str) -> None:
    result = play("mailhost.autoconfig.server", ONLY, **variables)
    assert result.returncode == 2
    assert changes(result.stdout) == 0
    assert line in result.stdout


def test_authority_with_a_new_root_that_forgot_the_account() -> None:
    """Pebble makes a new root at each start and knows no account then."""
    before, root = serials(), CA.read_text()
    subprocess.run(["docker", "restart", "--time=1", "autoconfig-default-pebble"], check=True)
    created = play(ROOT / "tests/lab/create.yml")
    assert created.returncode == 0, created.stdout
    assert CA.read_text() != root
    converge(ONLY)
    assert not set(before) & set(serials())  # and the connections verified with the new root
    assert changes(converge(ONLY)) == 0
