from __future__ import annotations

from pathlib import Path

from mail_autoconfig.certificates.links import Links
from mail_autoconfig.host import NginxError

ONE, TWO = "mail-autoconfig", "mail-autoconfig-2"


def links(directory: Path, *refusals: str) -> Links:
    """nginx refuses as often as there are refusals; the directory is `tls`, the marker `marker`."""
    left = list(refusals)

    def reload() -> None:
        if left:
            raise NginxError(left.pop(0))

    tls = directory / "tls"
    tls.mkdir(exist_ok=True)
    return Links(tls, directory / "marker", lambda name: directory / "live" / name, reload)


def test_only_what_is_there_is_pointed_to(tmp_path: Path) -> None:
    found = links(tmp_path)
    assert found.wrong([ONE, TWO], [ONE]) == {ONE: tmp_path / "live" / ONE}
    assert found.deploy([ONE, TWO], [ONE]) == []
    assert found.targets([ONE, TWO]) == {tmp_path / "live" / ONE}
    assert (found.exists(ONE), found.exists(TWO), found.pending()) == (True, False, False)
    assert found.wrong([ONE, TWO], [ONE]) == {}


def test_links_that_nobody_wants_are_removed(tmp_path: Path) -> None:
    found = links(tmp_path)
    for name in ONE, TWO, "current", f"{ONE}-07":
        (tmp_path / "tls" / name).symlink_to("x")
    assert found.deploy([ONE], []) == []
    assert {path.name for path in (tmp_path / "tls").iterdir()} == {ONE, "current", f"{ONE}-07"}


def test_what_nginx_refuses_is_pending(tmp_path: Path) -> None:
    found = links(tmp_path, "no file")
    assert found.deploy([ONE], [ONE]) == ["not in force yet: no file"]
    assert found.pending()
    assert found.deploy([ONE], [ONE]) == []
    assert not found.pending()


def test_link_that_nginx_needs_comes_back(tmp_path: Path) -> None:
    found = links(tmp_path, "no file")
    (tmp_path / "tls" / TWO).symlink_to("x")
    assert found.deploy([ONE], [ONE]) == [f"{TWO}: still needed: no file"]
    assert found.targets([TWO]) == {Path("x")}
    assert not found.pending()


def test_directory_that_is_missing(tmp_path: Path) -> None:
    found = Links(tmp_path / "none", tmp_path / "marker", lambda name: tmp_path / name, print)
    assert found.wrong([ONE], []) == {}
