"""Slips of an administrator: each is one line with where, what, and what instead.

The action plugin runs here without a host, on the variables that a play of `server.yml` has.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).parents[3]
SERVER = ("preflight", "responder", "nginx", "certificates", "share", "monitor")
DOMAIN = {"name": "example.com", "provider": "gandi"}
RIGHT = {"autoconfig_domains": [DOMAIN], "autoconfig_certificates_mode": "selfsigned"}
PLAY: Mapping[str, Any] = {
    "inventory_hostname": "web1",
    "inventory_dir": "/inventory",
    "role_path": str(ROOT / "roles/preflight"),
    "groups": {"all": ["web1"], "autoconfig_servers": ["web1"]},
    "hostvars": {"web1": {}},
}
HOST: Mapping[str, Any] = {
    "distribution": "Debian",
    "version": "13.1",
    "like": "",
    "there": ["/etc/mail-autoconfig/config.json", "/run/systemd/system"],
    "isolation": 0,
    "listeners": "",
    "web_servers": [{"group": "", "processes": []}],
}
"""What the module `preflight_host` sees on a host with a web server that is not there yet."""


def trusted(value: Any) -> Any:
    """A value of a file, whose templates Ansible evaluates."""
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {key: trusted(each) for key, each in value.items()}
    return [trusted(each) for each in value] if isinstance(value, list) else value


@cache
def of_roles(roles: tuple[str, ...]) -> dict[str, Any]:
    """The defaults and the vars of roles."""
    found: dict[str, Any] = {}
    for kind in "defaults", "vars":
        for role in roles:
            path = ROOT / "roles" / role / kind / "main.yml"
            found |= yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
    return dict(trusted(found))


def check(
    variables: Mapping[str, Any], roles: tuple[str, ...] = SERVER, **seen: Any
) -> dict[str, Any]:
    """What the action returns, where this is seen on the host. Raises AnsibleActionFail."""
    module = importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.action.preflight"
    )
    known = {**PLAY, **of_roles(roles), **variables}
    loader = DataLoader()
    task = Task.load({"mailhost.autoconfig.preflight": {}}, loader=loader)
    templar = Templar(loader=loader, variables=known)
    action = module.ActionModule(task, MagicMock(), MagicMock(), loader, templar, MagicMock())
    action._execute_module = MagicMock(return_value={**HOST, **seen})
    found: dict[str, Any] = action.run(task_vars=known)
    return found


def refusal(variables: Mapping[str, Any], *arguments: Any, **named: Any) -> list[str]:
    with pytest.raises(AnsibleActionFail) as caught:
        check(RIGHT | dict(variables), *arguments, **named)
    return str(caught.value).splitlines()


def test_what_is_right_passes() -> None:
    found = check(RIGHT)
    assert found["names"] == ["autodiscover.example.com", "autoconfig.example.com"]
    assert found["roles"] == ["responder", "nginx", "certificates", "share", "monitor"]
    assert found["there"] == HOST["there"]
    assert found["ansible_facts"]["distribution_major_version"] == "13"


def test_sources_without_a_host_that_answers_for_them() -> None:
    source = {"name": "a", "type": "file", "domain": {"provider": "gandi"}}
    query = {"path": "/srv/domains", "pattern": "(?P<domain>.+)"}
    (said,) = refusal({"autoconfig_sources": [{**source, "domains": query}]})
    assert said.startswith("autoconfig_sources: has no names of its own; set autoconfig_generic_h")


NOT_SYSTEMD: dict[str, Any] = {"there": []}
SLIPS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("slips.yml").read_text("utf-8")
)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: str(slip["says"])[:60])
def test_slip(slip: dict[str, Any]) -> None:
    (said,) = refusal(trusted(slip["set"]))
    assert said.startswith(slip["says"])
    assert slip["instead"] in said[len(slip["says"]) - 1 :]
    assert len(said) < 250


def test_all_slips_are_said_at_once() -> None:
    both = {
        "autoconfig_dns_ttl": "x",
        "autoconfig_certificates_mode": "acm",
        "autoconfig_domains": [DOMAIN | {"apex": 5}],
    }
    assert len(refusal(both, **NOT_SYSTEMD)) == 3
    right = {"autoconfig_certificates_mode": "acm", "autoconfig_domains": [DOMAIN | {"apex": 5}]}
    assert len(refusal(right, **NOT_SYSTEMD)) == 3  # the host was asked too


def test_text_is_seen_as_what_it_says() -> None:
    """As `-e name=value` passes it."""
    text = {
        "autoconfig_nginx_behind_proxy": "true",
        "autoconfig_certificates_mode": "",
        "autoconfig_front_ends": "web1,web2",
        "autoconfig_domains": '[{"name": "example.com", "provider": "gandi"}]',
    }
    found = check(RIGHT | text)  # no certificate is ordered then, so no mode is needed
    assert set(found["addresses"]) == {"web1", "web2"}
    assert found["names"] == ["autodiscover.example.com", "autoconfig.example.com"]
    assert refusal(text | {"autoconfig_nginx_behind_proxy": "false"})[0].startswith(
        "autoconfig_certificates_mode is not set"
    )


EXISTING = {
    "autoconfig_certificates_mode": "existing",
    # Two paths that are there.
    "autoconfig_certificates_existing_certificate": "/etc/mail-autoconfig/config.json",
    "autoconfig_certificates_existing_key": "/run/systemd/system",
}


@pytest.mark.parametrize(
    ("roles", "variables", "collection"),
    [
        (SERVER, EXISTING, "community.crypto"),
        (("preflight", "outlook"), {"inventory_hostname": "pc1"}, "ansible.windows"),
    ],
)
def test_collection_that_is_not_there(
    roles: tuple[str, ...],
    variables: dict[str, Any],
    collection: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs = importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.needs"
    )
    assert check(RIGHT | variables, roles)
    monkeypatch.setattr(needs.module_loader, "find_plugin", lambda _name: None)
    (said,) = refusal(variables, roles)
    assert said == (
        f"collection {collection} is not on the controller; "
        f"run ansible-galaxy collection install {collection}"
    )


@pytest.mark.parametrize(
    ("roles", "variables", "line"),
    [
        (("preflight", "verify"), {"autoconfig_verify_doctor": "yes"}, "autoconfig_verify_doctor"),
        (
            ("preflight", "dns"),
            {"autoconfig_dns_servers": [{"zones": ["example.com"], "address": "192.0.2.1"}]},
            "autoconfig_dns_servers",
        ),
    ],
)
def test_library_that_is_not_there(
    roles: tuple[str, ...],
    variables: dict[str, Any],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs = importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.needs"
    )
    monkeypatch.setattr(needs, "find_spec", lambda _name: None)
    (said,) = refusal(variables, roles)
    assert said.startswith(f"{line}: no Python module dns")


@pytest.mark.parametrize("exists", [True, False])
def test_bare_host(exists: bool) -> None:
    there = HOST["there"] if exists else ["/run/systemd/system"]
    assert check(RIGHT, there=there)["bare"] is not exists


@pytest.mark.parametrize(
    ("mode", "found", "shown"),
    [
        ((True, True), {"bare": True}, False),
        ((True, True), {"bare": False}, True),
        ((True, True), {}, True),  # before the check
        ((False, True), {"bare": True}, True),
        ((True, False), {"bare": False}, False),
    ],
)
def test_check_mode_shows_no_files_in_full_on_a_bare_host(
    mode: tuple[bool, bool], found: dict[str, Any], shown: bool
) -> None:
    variables = {
        **of_roles(SERVER),
        "ansible_check_mode": mode[0],
        "ansible_diff_mode": mode[1],
        **({"__autoconfig": found} if found else {}),
    }
    templar = Templar(loader=DataLoader(), variables=variables)
    (play,) = yaml.safe_load((ROOT / "playbooks/server.yml").read_text("utf-8"))
    for task in play["tasks"]:
        assert templar.template(trust_as_template(task["diff"])) is shown


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        ({"there": []}, "systemd: no /run/systemd/system on this host; the services need a host"),
        ({"version": "11.9"}, "Debian 11 is not supported: its Python is older than 3.11"),
        ({"isolation": 226}, "This host can't isolate services (226/NAMESPACE)"),
        (
            {"web_servers": [{**HOST["web_servers"][0], "rc": 1, "stderr_lines": ["[emerg] x"]}]},
            "nginx refuses its present configuration, before anything was changed: [emerg] x",
        ),
        ({"failed": True, "msg": "no Python"}, "the host can't be looked at: no Python"),
        (
            {"failed": True, "msg": "no JSON", "module_stderr": "/bin/sh: 1: sudo: not found\n"},
            "the host can't be looked at: /bin/sh: 1: sudo: not found",
        ),
        (
            {
                "failed": True,
                "msg": "no JSON",
                "module_stdout": "/bin/sh: 1: sudo: not found\r\n",
                "module_stderr": "Shared connection to 192.0.2.1 closed.\r\n",
            },
            "the host can't be looked at: /bin/sh: 1: sudo: not found",
        ),
        (
            {
                "failed": True,
                "msg": "no JSON",
                "module_stdout": 'server {\npassword "hunter2"\n',
                "module_stderr": "",
            },
            "the host can't be looked at: no JSON",
        ),
    ],
)
def test_host_that_lacks_something(seen: dict[str, Any], line: str) -> None:
    (said,) = refusal({}, **seen)
    assert said.startswith(line)


def test_what_nginx_prints_is_not_shown() -> None:
    """Not even where the rest of the module's answer can't be read."""
    seen: dict[str, Any] = {
        "failed": True,
        "msg": "no JSON",
        "rc": 1,
        "module_stdout": '{"a": "hunter2',
    }
    with pytest.raises(AnsibleActionFail) as caught:
        check(RIGHT, **seen)
    assert caught.value.result["rc"] == 1
    assert "hunter2" not in f"{caught.value} {caught.value.result}"


UBUNTU: dict[str, Any] = {"distribution": "Ubuntu", "version": "24.04", "like": "debian"}


def test_expected_host_is_let_in_with_a_warning() -> None:
    """Without a variable that would have to be set for it."""
    (said,) = check(RIGHT, **UBUNTU)["warnings"]
    assert said.startswith("Ubuntu 24.04: ")
    assert "warnings" not in check(RIGHT)
    (said,) = refusal({}, **{**UBUNTU, "version": "22.04"})
    assert said.startswith("Ubuntu 22.04 is not supported: its Python is older")


ORDERS = {
    "autoconfig_certificates_mode": "letsencrypt",
    "autoconfig_certificates_letsencrypt_environment": "staging",
}


@pytest.mark.parametrize(
    ("profile", "size"), [("", 50), ("classic", 50), ("tlsserver", 25), ("shortlived", 25)]
)
def test_size_of_a_certificate_follows_its_profile(profile: str, size: int) -> None:
    known = of_roles(SERVER) | {"autoconfig_certificates_profile": profile}
    templar = Templar(loader=DataLoader(), variables=known)
    assert templar.template(known["__autoconfig_certificates_max_names"]) == size
    check(RIGHT | ORDERS | {"autoconfig_certificates_profile": profile})


def test_profile_needs_a_certbot_that_asks_for_it() -> None:
    wanted = {"autoconfig_certificates_profile": "tlsserver"}
    (said,) = refusal(ORDERS | wanted, version="12.9")
    assert said.startswith("autoconfig_certificates_profile: certbot 2.1 of Debian 12 can't ask")
    check(RIGHT | wanted, version="12.9")  # nobody is asked there
    check(RIGHT | ORDERS, version="12.9")
