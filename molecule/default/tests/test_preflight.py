"""What the roles need is checked once a host and play, before any of them changes a host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.deployed import SERVERS, changes, play

CHECK = "mailhost.autoconfig.preflight : Check what the inventory asks for"
ALL = ["responder", "nginx", "certificates", "share", "monitor"]


def name(role: str) -> str:
    return f"mailhost.autoconfig.{role}"


def listed(roles: list[str]) -> dict[str, Any]:
    return {"roles": [{"role": name(role), "tags": [role]} for role in roles]}


def imported(roles: list[str]) -> dict[str, Any]:
    each = ({"import_role": {"name": name(role)}, "tags": [role]} for role in roles)
    return {"tasks": list(each)}


def included(roles: list[str]) -> dict[str, Any]:
    return {"tasks": [{"include_role": {"name": name(role)}} for role in roles]}


def run(tmp_path: Path, content: dict[str, Any], *arguments: str, **variables: Any) -> str:
    """What a play in check mode prints; no task of it may change the servers, or fail."""
    head = {"hosts": "autoconfig_servers", "become": True, "gather_facts": False}
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.dump([head | content]))
    result = play(playbook, "--check", *arguments, **variables)
    assert result.returncode == (2 if variables else 0), result.stdout
    assert changes(result.stdout) == 0, result.stdout
    return result.stdout


def checks(output: str) -> int:
    """How often each server was checked."""
    runs = re.findall(rf"^TASK \[{CHECK}.*\n((?:.+\n)+)", output, re.MULTILINE)
    done: int = sum(run.count(f"ok: [{server.name}]") for run in runs for server in SERVERS)
    assert done % len(SERVERS) == 0
    return done // len(SERVERS)


@pytest.mark.parametrize("way", [listed, imported])
@pytest.mark.parametrize("tags", [[], ["--tags=nginx"]])
def test_play_that_knows_its_roles_is_checked_once(
    way: Any, tags: list[str], tmp_path: Path
) -> None:
    assert checks(run(tmp_path, way(ALL), *tags)) == 1


def test_role_that_is_included_later_is_checked_then(tmp_path: Path) -> None:
    """The play learns of it when it gets there: one check of the domains, one a role more."""
    output = run(tmp_path, included(ALL))
    assert checks(output) == 3  # responder, nginx, certificates


@pytest.mark.parametrize("role", ALL)
def test_role_runs_alone(role: str, tmp_path: Path) -> None:
    assert checks(run(tmp_path, listed([role]))) == 1


@pytest.mark.parametrize("way", [listed, imported])
def test_first_role_refuses_what_another_would(way: Any, tmp_path: Path) -> None:
    output = run(tmp_path, way(["responder", "certificates"]), autoconfig_certificates_mode="")
    assert "autoconfig_certificates_mode is not set" in output
    assert "mailhost.autoconfig.responder : Install" not in output
