"""The examples that `ansible-doc -t role` shows: plays that the collection takes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import role_rules
from support.written import options, problems

ROOT = Path(__file__).parents[3]
ROLES = role_rules.roles(ROOT)
NAME = "mailhost.autoconfig."


def play(role: str) -> dict[str, Any]:
    (point,) = role_rules.points(ROOT, role).values()
    (found,) = yaml.safe_load(point["examples"])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_example_is_a_play_that_the_collection_takes(role: str, tmp_path: Path) -> None:
    example = play(role)
    assert problems(example["vars"], tmp_path) == []
    named = [each["role"].removeprefix(NAME) for each in example["roles"]]
    assert set(named) <= set(ROLES)
    # The shared role is a dependency of each, so nobody lists it.
    assert role in named or role == role_rules.SHARED


@pytest.mark.parametrize("role", ROLES)
def test_example_sets_what_the_role_is_about(role: str) -> None:
    own = role_rules.options(ROOT, role)
    assert set(play(role)["vars"]) & set(own) or not own


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    assert problems({"autoconfig_dns_ttl": "an hour"}, tmp_path)
    assert problems({"autoconfig_certificates_mode": "lets-encrypt"}, tmp_path)
    assert problems({"autoconfig_domian": []}, tmp_path)
    assert problems({"autoconfig_domains": [{"name": "a.test", "provider": "gandy"}]}, tmp_path)
    assert "autoconfig_domains" in options()


def test_ansible_doc_shows_the_examples() -> None:
    command = str(Path(sys.executable).with_name("ansible-doc"))
    shown = subprocess.run(
        [command, "-t", "role", *(NAME + role for role in ROLES)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "COLUMNS": "100"},
    ).stdout
    blocks = re.split(r"^> ROLE: ", shown, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(ROLES)
    for block in blocks:
        _, _, example = block.partition("EXAMPLES:\n")
        assert re.search(r"^  roles:", example, re.MULTILINE), block.splitlines()[0]
