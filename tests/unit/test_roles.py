"""What holds for all roles: one source for each fact."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from mail_autoconfig.certificates.groups import PATTERN
from mail_autoconfig.certificates.report import METRICS

ROOT = Path(__file__).parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def defaults(role: str) -> dict[str, Any]:
    content: dict[str, Any] = read(ROOT / "roles" / role / "defaults/main.yml")
    return content


@pytest.mark.parametrize("role", ROLES)
def test_argument_specs_equal_the_defaults(role: str) -> None:
    specs = read(ROOT / "roles" / role / "meta/argument_specs.yml")
    options = specs["argument_specs"]["main"]["options"]
    assert {name: option["default"] for name, option in options.items()} == defaults(role)


@pytest.mark.parametrize("role", ROLES)
def test_variables_are_prefixed(role: str) -> None:
    assert all(name.startswith(f"{role}_") for name in defaults(role))
    registered = {
        name
        for path in (ROOT / "roles" / role).rglob("*.yml")
        for name in re.findall(r"^\s+register: (\S+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert all(name.startswith(f"__{role}_") for name in registered)


@pytest.mark.parametrize("role", ROLES)
def test_no_task_loops_over_domains(role: str) -> None:
    for path in (ROOT / "roles" / role).rglob("*.yml"):
        loops = re.findall(r"^\s+(?:loop|with_\w+):.*", path.read_text("utf-8"), re.MULTILINE)
        assert not [loop for loop in loops if "domains" in loop or "names" in loop], path


def test_roles_that_share_a_path_have_it_from_one() -> None:
    nginx, responder, certbot = defaults("nginx"), defaults("responder"), defaults("certificates")
    shared = [
        (nginx["autoconfig_socket"], "autoconfig_socket", responder["autoconfig_socket"]),
        (
            certbot["autoconfig_tls_directory"],
            "autoconfig_tls_directory",
            nginx["autoconfig_tls_directory"],
        ),
        (
            certbot["autoconfig_acme_webroot"],
            "autoconfig_acme_webroot",
            nginx["autoconfig_acme_webroot"],
        ),
    ]
    shared += [(defaults("share")["autoconfig_tls_directory"], *shared[1][1:])]
    for used, name, path in shared:
        assert used == f"{{{{ {name} | default('{path}') }}}}"


def test_each_writer_of_metrics_has_a_file_of_its_own() -> None:
    written: dict[str, set[str]] = {}
    for role in "certificates", "monitor":
        texts = (path.read_text("utf-8") for path in (ROOT / "roles" / role).rglob("*.*"))
        written[role] = set(re.findall(r"[a-z-]+\.prom\b", " ".join(texts)))
    assert written == {"certificates": {METRICS}, "monitor": {"mail-autoconfig-doctor.prom"}}


@pytest.mark.parametrize("port", ["http_port", "https_port"])
def test_load_balancer_asks_where_nginx_listens(port: str) -> None:
    listens, asks = defaults("nginx")[f"nginx_balancer_{port}"], defaults("haproxy")
    assert asks[f"haproxy_server_{port}"] == f"{{{{ nginx_balancer_{port} | default({listens}) }}}}"


def test_renewals_begin_whatever_comes_of_the_first_order() -> None:
    """With autoconfig_certificates_strict a play may fail; its certificates must be renewed then."""
    tasks = [task["name"] for task in read(ROOT / "roles/certificates/tasks/acme.yml")]
    timer = "the timer that renews certificates"
    assert tasks.index(f"Enable and start {timer}") < tasks.index("Order the certificates")


def test_form_of_a_certificates_name() -> None:
    assert read(ROOT / "roles/preflight/vars/main.yml")["__autoconfig_certificate_name"] == PATTERN


def test_removal_of_certificates(tmp_path: Path) -> None:
    """All of ours, no other; one that fails is not passed over."""
    tasks = read(ROOT / "roles/certificates/tasks/remove.yml")
    (task,) = [each["ansible.builtin.shell"] for each in tasks if "ansible.builtin.shell" in each]
    command = task["cmd"].replace("/etc/letsencrypt/renewal", str(tmp_path))
    command = command.replace("{{ __autoconfig_certificate_name }}", PATTERN)
    certbot = tmp_path / "bin/certbot"
    certbot.parent.mkdir()
    certbot.write_text(f'#!/bin/sh\necho "$4" >> {tmp_path}/said; test ! -e {tmp_path}/broken\n')
    certbot.chmod(0o755)
    environment = os.environ | {"PATH": f"{certbot.parent}:{os.environ['PATH']}"}
    bash = [task["executable"], "-c", command]
    assert subprocess.run(bash, env=environment, check=False).returncode == 0
    for name in "mail-autoconfig", "mail-autoconfig-2", "mail-autoconfig-2.test", "www.test":
        (tmp_path / f"{name}.conf").touch()
    done = subprocess.run(bash, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["deleted", "deleted"]
    assert set((tmp_path / "said").read_text().split()) == {"mail-autoconfig", "mail-autoconfig-2"}
    (tmp_path / "broken").touch()
    assert subprocess.run(bash, env=environment, check=False).returncode == 1
