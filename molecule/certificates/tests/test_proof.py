"""The end of site.yml and of verify.yml: what is right, what was left out, what is wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from support.certified import SCENARIO, SERVERS
from support.deployed import play

THREE = [
    {"name": f"{label}.{{{{ suffix }}}}", "provider": "gandi"}
    for label in ("d0", "dead", "elsewhere")
]
CONF = "/etc/nginx/sites-available/zz-mail-autoconfig.conf"
LINK = "/etc/mail-autoconfig/tls/mail-autoconfig"


def run(playbook: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    inventory = SCENARIO / "inventory/hosts.yml"
    variables = {"autoconfig_dns_addresses": ["198.51.100.7"]} | variables
    return play(f"mailhost.autoconfig.{playbook}", inventory=inventory, **variables)


def last_lines(result: subprocess.CompletedProcess[str]) -> str:
    """What the last task that says anything says."""
    said = result.stdout.partition("PLAY RECAP")[0]
    return said.rpartition("Say which domains are right")[2]


@pytest.fixture(scope="module")
def deployed() -> str:
    """What a run says at its end: a domain, one without records, one that points elsewhere."""
    result = run("site", autoconfig_domains=THREE, autoconfig_verify_left_out_fails=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return last_lines(result)


def test_run_ends_with_what_was_left_out_and_what_to_do(deployed: str) -> None:
    assert "6 domains: 2 all right, 4 not; " in deployed
    for server in SERVERS:
        suffix = server.suffix
        assert f"autodiscover.dead.{suffix}. 3600 IN A 198.51.100.7" in deployed
        assert f"_autodiscover._tcp.dead.{suffix}. 3600 IN SRV 0 0 443 autodiscover." in deployed
        assert f"autodiscover.elsewhere.{suffix}. 3600" not in deployed
    assert "no record: give the name its DNS record" in deployed
    assert "points elsewhere: 198.18.43.13 answers 404: the address is another server" in deployed
    assert "Wrong" not in deployed


@pytest.mark.usefixtures("deployed")
def test_rehearsal_fails_for_what_has_a_record_and_no_certificate() -> None:
    """Any authority is right in a rehearsal, but not any name."""
    staging = {
        "autoconfig_certificates_mode": "letsencrypt",
        "autoconfig_certificates_letsencrypt_environment": "staging",
        "autoconfig_certificates_acme_root_file": "",
    }
    for variables in ({}, staging):
        result = run("verify", autoconfig_domains=THREE, **variables)
        assert result.returncode == 2, result.stdout
        said = last_lines(result)
        assert "points elsewhere: " in said
        assert "Wrong" not in said
        assert ("environment: production" in said) == (variables == staging)


@pytest.fixture(
    params=[
        ("sed -i '/server_name autoconfig.d0/d' %s", "status 404"),
        ("sed -i 's/server_name autoconfig.d0[.]/server_name x./' %s", "does not serve this name"),
        ("ln -sfn /etc/mail-autoconfig/tls/placeholder %s", "does not have this name"),
    ],
    ids=["no name", "another name", "another certificate"],
)
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    """Break nginx; what is said of it."""
    command, said = request.param
    before = []
    for server in SERVERS:
        before.append(server.run(f"readlink {LINK}").strip())
        server.run(f"cp {CONF} /tmp/kept.conf")
        server.run("sh -c %s", command % (LINK if "ln" in command else CONF))
        server.run("systemctl reload nginx")
    yield said
    for server, target in zip(SERVERS, before, strict=True):
        server.run(f"cp /tmp/kept.conf {CONF}")
        server.run(f"ln -sfn {target} {LINK}")
        server.run("systemctl reload nginx")


@pytest.mark.usefixtures("deployed")
def test_what_nginx_does_not_serve_is_found(broken: str) -> None:
    result = run("verify", autoconfig_domains=THREE, autoconfig_verify_left_out_fails=False)
    assert result.returncode == 2, result.stdout
    said = last_lines(result)
    assert "Wrong: " in said
    assert broken in said
    assert "https://autoconfig.d0." in said
