"""What is seen of a host: here, of this machine, by Ansible."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest

from support import modules


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the module returns, with programs in the place of systemctl, ss and nginx."""
    directory = tmp_path_factory.mktemp("host")
    (directory / "dangling").symlink_to("nowhere")
    programs = {
        "systemctl": f"echo MainPID={os.getpid()}; echo ControlGroup=/system.slice/$3",
        "ss": 'echo "LISTEN $*"',
        "nginx": "echo dump; echo '[emerg] bad' >&2; exit 1",
    }
    modules.write_programs(directory, programs)
    arguments = {
        "paths": [f"{directory}/{name}" for name in ("nginx", "none", "dangling")],
        "web_servers": [
            {"unit": "nginx.service", "test": f"{directory}/nginx -T"},
            {"unit": "haproxy.service", "test": f"{directory}/haproxy -c"},
        ],
        "isolated": "sh -c 'exit 226'",
    }
    return modules.run("preflight_host", arguments, path=directory)


def test_paths(seen: dict[str, Any]) -> None:
    assert [Path(path).name for path in seen["there"]] == ["nginx", "dangling"]


def test_distribution(seen: dict[str, Any]) -> None:
    release = Path("/etc/os-release").read_text("utf-8")
    assert f"ID={seen['distribution'].lower()}" in release
    assert f'VERSION_ID="{seen["version"].partition(".")[0]}"' in release
    assert seen["like"] == ""


def test_version_of_sid_is_that_of_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside lsb-release, Ansible takes it for n/a."""
    module = importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.modules.preflight_host"
    )
    file = tmp_path / "debian_version"
    monkeypatch.setattr(module, "get_distribution", lambda: "Debian")
    monkeypatch.setattr(module, "get_distribution_version", lambda: "n/a")
    assert module.version(str(file)) == "n/a"
    file.write_text("forky/sid\n")
    assert module.version(str(file)) == "forky/sid"
    monkeypatch.setattr(module, "get_distribution", lambda: "Ubuntu")
    assert module.version(str(file)) == "n/a"


def test_status_of_the_isolated_service(seen: dict[str, Any]) -> None:
    assert seen["isolation"] == 226


def test_listeners(seen: dict[str, Any]) -> None:
    assert seen["listeners"].startswith("LISTEN --no-header")


def test_web_servers(seen: dict[str, Any]) -> None:
    """This process in the place of nginx; the module, its child, has ended by now."""
    nginx, haproxy = seen["web_servers"]
    assert (nginx["rc"], nginx["stdout"]) == (1, "dump\n")
    assert nginx["stderr_lines"] == ["[emerg] bad"]
    assert nginx["group"] == "/system.slice/nginx.service"
    assert nginx["processes"][0] == os.getpid()
    assert len(nginx["processes"]) > 1
    assert "rc" not in haproxy


def test_children(tmp_path: Path) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules.preflight_host import children

    for pid, name, parent in (3, "a) S 2 (b", 2), (4, "c", 2), (5, "d", 3), (2, "e", 1):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 7 7")
    (tmp_path / "9").mkdir()
    assert children(2, str(tmp_path)) == [3, 4]


THEIRS = "# configuration file /etc/nginx/nginx.conf:\nhttp {\n    include sites/*;\n}\n"
OURS = "# configuration file /etc/nginx/sites/zz-mail-autoconfig.conf:\nupstream x { }\n"
SERVERS = "server {\n    server_name a.test;\n}\nserver {\n    server_name b.test;\n}\n"
OTHER = "# configuration file /etc/nginx/sites/zzz.conf:\nserver {\n}\n"


@pytest.mark.parametrize(
    ("dump", "expected"),
    [
        ("", ""),
        (THEIRS + OTHER, THEIRS + OTHER),
        (THEIRS + OURS + SERVERS, THEIRS + OURS),
        (THEIRS + OURS + SERVERS + OTHER, THEIRS + OURS + OTHER),
        (THEIRS + OURS + OTHER, THEIRS + OURS + OTHER),
    ],
)
def test_our_own_servers_stay_on_the_host(dump: str, expected: str) -> None:
    """nginx's file of 10,000 domains has six million bytes."""
    module = importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.modules.preflight_host"
    )
    assert module.without_our_servers(dump).strip() == expected.strip()
