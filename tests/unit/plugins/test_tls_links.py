from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support import modules


def test_links_and_point(tmp_path: Path) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules.tls_links import links, point

    assert links(str(tmp_path / "none")) == {}
    (tmp_path / "directory").mkdir()
    for target in ("one", "two"):
        point(str(tmp_path), "link", target)
        assert links(str(tmp_path)) == {"link": target}
    with pytest.raises(OSError, match="directory"):
        point(str(tmp_path), "directory", "one")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"names": ["a"], "replace": True}, {"a": "new", "a-2": "live", "b": "x"}),
        ({"names": ["a"]}, {"a": "live", "a-2": "live", "b": "x"}),
        ({"names": ["b"]}, {"a": "live", "a-2": "live", "b": "new"}),
        ({"names": ["a"], "prune": "a(-[0-9])?"}, {"a": "live", "b": "x"}),
        ({"names": [], "prune": "a"}, {"a-2": "live", "b": "x"}),
        ({"names": [], "links": {"a": "y"}, "prune": "a.*"}, {"a": "y", "b": "x"}),
        ({"names": [], "links": {"a": "y"}}, {"a": "y", "a-2": "live", "b": "x"}),
        (
            {"names": ["c"], "moved_from": {"c": "a"}},
            {"a": "live", "a-2": "live", "b": "x", "c": "live"},
        ),
        (
            {"names": ["c"], "moved_from": {"c": "b"}},
            {"a": "live", "a-2": "live", "b": "x", "c": "new"},
        ),
    ],
)
def test_wanted(tmp_path: Path, parameters: dict[str, Any], expected: dict[str, str]) -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules.tls_links import links, wanted

    (tmp_path / "live").mkdir()
    (tmp_path / "live/fullchain.pem").touch()
    for name, target in ("a", "live"), ("a-2", "live"), ("b", "x"):
        (tmp_path / name).symlink_to(target)
    defaults = {"target": "new", "moved_from": {}, "replace": False, "links": {}, "prune": None}
    assert wanted(str(tmp_path), links(str(tmp_path)), defaults | parameters) == expected


def test_new_certificate_for_domains_of_another(tmp_path: Path) -> None:
    """Run as Ansible runs it."""
    (tmp_path / "live").mkdir()
    (tmp_path / "live/fullchain.pem").touch()
    (tmp_path / "mail-autoconfig").symlink_to(tmp_path / "live")
    names = ["mail-autoconfig", "mail-autoconfig-2", "mail-autoconfig-3"]
    arguments = {
        "directory": str(tmp_path),
        "names": names,
        "target": str(tmp_path / "placeholder"),
        "moved_from": {"mail-autoconfig-2": "mail-autoconfig", "mail-autoconfig-3": "none"},
    }
    assert modules.direct("tls_links", arguments)["changed"]
    targets = [(tmp_path / name).readlink().name for name in names]
    assert targets == ["live", "live", "placeholder"]


def test_directories_that_no_link_points_to_are_swept(tmp_path: Path) -> None:
    """As those of an earlier version, with the files of one certificate for all names."""
    swept, links = tmp_path / "selfsigned", tmp_path / "tls"
    for name in "mail-autoconfig", "mail-autoconfig-2":
        (swept / name).mkdir(parents=True)
    (swept / "fullchain.pem").touch()
    links.mkdir()
    (links / "mail-autoconfig").symlink_to(swept)
    (links / "mail-autoconfig-2").symlink_to(swept / "mail-autoconfig-2")
    (links / "current").symlink_to(links / "mail-autoconfig")
    arguments = {
        "directory": str(links),
        "names": [],
        "links": {"mail-autoconfig": str(swept / "mail-autoconfig")},
        "prune": "mail-autoconfig.*",
        "sweep": str(swept),
    }
    checked = modules.direct("tls_links", arguments, check=True)
    assert len(list(swept.iterdir())) == 3
    done = modules.direct("tls_links", arguments)
    assert done["diff"] == checked["diff"]
    assert done["diff"]["before"] == {
        "mail-autoconfig": str(swept),
        "mail-autoconfig-2": str(swept / "mail-autoconfig-2"),
        str(swept / "fullchain.pem"): "unused",
        str(swept / "mail-autoconfig-2"): "unused",
    }
    assert [path.name for path in swept.iterdir()] == ["mail-autoconfig"]
    assert sorted(path.name for path in links.iterdir()) == ["current", "mail-autoconfig"]
    assert not modules.direct("tls_links", arguments)["changed"]
