from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.mark.parametrize(
    ("version", "distribution", "release", "problems"),
    [
        ("2.19.0", "Debian", "12", []),
        ("2.20.0rc1", "Debian", "13", []),
        ("3.0.0", "Debian", "13", []),
        ("2.18.9", "Debian", "13", ["ansible-core 2.18.9 is too old; use 2.19 or later"]),
        ("2.19.0", "Debian", "11", ["Debian 11 is not supported; use Debian 12 or 13"]),
        ("2.19.0", "Ubuntu", "12", ["Ubuntu 12 is not supported; use Debian 12 or 13"]),
    ],
)
def test_environment(version: str, distribution: str, release: str, problems: list[str]) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.action.preflight import (
        environment_problems,
    )

    facts = {"distribution": distribution, "distribution_major_version": release}
    assert environment_problems(version, facts) == problems


@pytest.mark.parametrize(
    ("name", "kind"), [("a.svg", "svg+xml"), ("a.JPG", "jpeg"), ("a.png", "png"), ("a", "")]
)
def test_logo(name: str, kind: str, tmp_path: Path) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.action.preflight import data_url

    tmp_path.joinpath(name).write_bytes(b"\x00\xff")
    assert data_url(tmp_path / name) == f"data:image/{kind};base64,AP8="


def test_oldest_ansible_is_that_of_the_collection() -> None:
    from ansible_collections.mailhost.autoconfig.plugins.action.preflight import OLDEST_ANSIBLE

    runtime: dict[str, Any] = yaml.safe_load(
        Path(__file__).parents[3].joinpath("meta/runtime.yml").read_text("utf-8")
    )
    assert runtime["requires_ansible"] == ">={}.{}.0".format(*OLDEST_ANSIBLE)
