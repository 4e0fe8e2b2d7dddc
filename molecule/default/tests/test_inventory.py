"""What the inventory says: wrong input, domains that go, and the collection's other ways in."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.answers import CONFIG
from support.deployed import ROOT, SERVERS, Server, changes, converge, play, refusal, tasks

GOOD = {"name": "example.com", "provider": "gandi"}
PORT = [
    {"type": "imap", "host": "mail.example.com", "port": 99999, "security": "tls"},
    {"type": "smtp", "host": "mail.example.com"},
]
SITE = "mailhost.autoconfig.site"


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        pytest.param(
            {"autoconfig_domains": [GOOD | {"provder": "gandi"}]},
            'domain example.com: unknown key "provder"; did you mean "provider"?',
            id="unknown key",
        ),
        pytest.param(
            {"autoconfig_domains": [GOOD | {"provider": "gandy"}]},
            'domain example.com, provider: no provider "gandy"; did you mean "gandi"?',
            id="unknown provider",
        ),
        pytest.param(
            {"autoconfig_domains": [{"name": "example.com", "servers": PORT}]},
            "domain example.com, servers[imap mail.example.com].port: 99999 is not a port",
            id="bad port",
        ),
        pytest.param(
            {"autoconfig_domains": [GOOD, GOOD | {"name": "EXAMPLE.com"}]},
            "domain EXAMPLE.com: listed twice; remove one",
            id="duplicate domain",
        ),
        pytest.param(
            {"autoconfig_providrs": {}},
            'autoconfig_providrs: there is no such variable; did you mean "autoconfig_providers"?',
            id="unknown variable",
        ),
        pytest.param(
            {"autoconfig_nginx_behind_proxy": "maybe", "autoconfig_certificates_mode": "acm"},
            "autoconfig_",
            id="two slips",
        ),
        pytest.param(
            {"autoconfig_domains": []},
            "autoconfig_domains: no domain; name at least one",
            id="no domain",
        ),
    ],
)
def test_bad_input_is_refused_before_a_host_changes(variables: dict[str, Any], line: str) -> None:
    said = refusal(play(SITE, **variables)).splitlines()
    assert len(said) == len(SERVERS) * len(variables)  # one line a host and slip
    assert all(each.startswith(line) for each in said), said


def test_unsupported_distribution() -> None:
    for server in SERVERS:
        server.run("cp -P /etc/os-release /etc/debian_version /tmp/")
        server.run("rm /etc/os-release")
        old = "sed 's/VERSION_ID=.*/VERSION_ID=\"11\"/' /usr/lib/os-release > /etc/os-release"
        server.run("sh -c %s", old)
        server.run("sh -c 'echo 11.9 > /etc/debian_version'")
    try:
        said = refusal(play(SITE))
    finally:
        for server in SERVERS:
            server.run("cp --remove-destination -P /tmp/os-release /tmp/debian_version /etc/")
    line = "Debian 11 is not supported: its Python is older than 3.11; use Debian 12 or 13, or the"
    assert said.splitlines() == [f"{line} container image"] * 2


def test_old_ansible_core(tmp_path: Path) -> None:
    """ansible-core 2.18, for real, on this machine, which it is not allowed to change."""
    environment = ROOT / ".cache/ansible-core-2.18"
    if not (environment / "bin/ansible-playbook").exists():
        venv.create(environment, with_pip=True, clear=True)
        pip = [str(environment / "bin/pip"), "install", "--quiet", "ansible-core==2.18.6"]
        subprocess.run(pip, check=True)
    inventory = tmp_path / "hosts.yml"
    host = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
    }
    inventory.write_text(yaml.dump({"autoconfig_servers": {"hosts": {"here": host}}}))
    result = play(
        ROOT / "playbooks/server.yml",
        inventory=inventory,
        program=str(environment / "bin/ansible-playbook"),
        autoconfig_domains=[GOOD],
    )
    assert result.returncode == 2
    assert "ansible-core 2.18.6 is too old; use 2.19 or later" in result.stdout
    assert changes(result.stdout) == 0


def test_removed_domain_is_removed_everywhere() -> None:
    domains = [{"name": "example.{{ suffix }}", "provider": "gandi", "apex": True}]
    left = {"autoconfig_domains": domains, "autoconfig_providers": {}}
    converge(**left)
    assert changes(converge(**left)) == 0
    for server in SERVERS:
        certificate = server.certificate(f"example.{server.suffix}")
        assert not [name for _, name in certificate["subjectAltName"] if "corp" in name]
        asked = f"{CONFIG}?emailaddress=user%40corp.{server.suffix}"
        host = f"autoconfig.example.{server.suffix}"
        assert server.ask("https", "GET", host, asked).status == 404
        assert server.host.run("grep -rl corp /etc/mail-autoconfig /etc/nginx").stdout == ""
        gone = server.ask("http", "GET", f"autoconfig.corp.{server.suffix}", CONFIG)
        assert b"clientConfig" not in gone.body
    converge()
    for server in SERVERS:
        assert server.ask("https", "GET", f"autoconfig.corp.{server.suffix}", CONFIG).status == 200


def made(server: Server) -> list[str]:
    """What the roles made on a host; all of it has the program's name in its own."""
    return server.run(
        "find /etc /usr/local /var/lib /var/cache /var/log/nginx /run -name '*mail-autoconfig*'"
    ).splitlines()


def test_remove_takes_away_all_and_only_what_was_made() -> None:
    """And the built tarball, installed elsewhere, brings it back."""
    for server in SERVERS:
        assert made(server)
        server.run("sh -c %s", "echo 'server { listen 81; }' > /etc/nginx/sites-enabled/other.conf")
        server.run("nginx -s reload")
    removed = play("mailhost.autoconfig.remove")
    assert removed.returncode == 0, removed.stdout
    again = play("mailhost.autoconfig.remove")
    assert again.returncode == 0, again.stdout
    assert changes(again.stdout) == 0
    for server in SERVERS:
        assert made(server) == []
        units = server.run("systemctl list-units --all --plain --no-legend 'mail-autoconfig*'")
        assert units == ""
        assert server.host.service("nginx").is_running  # with its other site
        assert ":81 " in server.run("ss --no-header --listening --tcp --numeric")
        server.run("rm /etc/nginx/sites-enabled/other.conf")
        server.run("nginx -s reload")

    collections = ROOT / ".cache/collections"
    shutil.rmtree(collections, ignore_errors=True)
    built = ROOT / ".cache/built"
    subprocess.run(
        ["ansible-galaxy", "collection", "build", "--force", "--output-path", built],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (tarball,) = built.glob("mailhost-autoconfig-*.tar.gz")
    subprocess.run(
        [
            "ansible-galaxy",
            "collection",
            "install",
            "--force",
            "--no-deps",
            tarball,
            "--collections-path",
            collections,
        ],
        cwd=built,
        check=True,
        capture_output=True,
    )
    installed = play(SITE, collections=collections)
    assert installed.returncode == 0, installed.stdout
    # What `check` warns of is in the inventory on purpose; Ansible has nothing to warn of.
    warnings = [line for line in installed.stderr.splitlines() if "[WARNING]" in line]
    assert [line for line in warnings if not line.startswith("[WARNING]: domain ")] == []
    # The clone and the tarball are the same program and the same configuration.
    unchanged = play(SITE)
    assert unchanged.returncode == 0, unchanged.stdout
    assert changes(unchanged.stdout) == 0
    # Where nothing is new, a run asks little of a host.
    assert max(tasks(unchanged.stdout)) <= 45
