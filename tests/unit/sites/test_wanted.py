from __future__ import annotations

from pathlib import Path

import pytest

from mail_autoconfig.inventory.read import parse
from mail_autoconfig.sites.file import write
from mail_autoconfig.sites.wanted import Others, names_elsewhere, names_in, wanted

from .host import CERTIFICATE, SRV, Played, names_of


def found(*domains: dict[str, object], **limits: int) -> tuple[set[str], dict[str, str]]:
    configuration = parse(
        {
            "generic_host": "auto.example.org",
            "domains": [{**CERTIFICATE, **each} for each in domains],
        }
    )
    usual = {"longest": 110, "most": 100}
    result = wanted(configuration, configuration.domains, Others(), **(usual | limits))
    return {name for names in result.units.values() for name in names}, result.left_out


def test_names_are_those_of_the_inventory_s_rules() -> None:
    assert found({"name": "a.test", "apex": True, "pacc": True}, {"name": "b.test", **SRV}) == (
        {"a.test", "ua-auto-config.a.test", *names_of(["a.test"])},
        {},
    )


def test_names_that_do_not_fit() -> None:
    long = f"{'x' * 60}.test"
    names, left_out = found({"name": "a.test"}, {"name": long}, longest=60)
    assert names == names_of(["a.test"])
    assert left_out.keys() == names_of([long])
    names, left_out = found({"name": "a.test"}, {"name": "b.test"}, most=3)
    assert (len(names), len(left_out)) == (3, 1)


@pytest.mark.parametrize(
    "name",
    [
        "a.test; return 200 x",
        "a.test;}server{listen 81",
        "a.test;}include /etc/shadow",
        "a.test #",
        "$host",
        "~^.*",
        "*.test",
        ".test",
        "a.te\x00st",
        '"a.test"',
        "A.test",
        "a.test.",
        "ä.test",
        "..",
        "",
    ],
)
def test_name_that_is_none_gets_into_no_file(name: str, host: Played) -> None:
    """Whoever writes the store must not write nginx's configuration."""
    host.fill(**{name: CERTIFICATE, "good.test": CERTIFICATE})
    report = host.run()
    assert host.served() == names_of(["good.test"])
    assert host.text().count("{") == 2
    assert set(report.left_out.values()) == {"not a host name"}
    assert all(line.isprintable() for line in report.lines())


def test_names_of_other_sites() -> None:
    dump = """# configuration file /etc/nginx/nginx.conf:
http { include x; }
# configuration file /etc/nginx/sites-enabled/other:
server { # server_name no.test;
    server_name  One.test
        "two.test" *.three.test;server_name four.test; }
# configuration file /etc/nginx/sites-enabled/zz.conf:
server { server_name ours.test; }
# configuration file /var/names/nginx.conf:
server { server_name also-ours.test; }
"""
    assert names_elsewhere(dump, {"zz.conf", "/var/names/nginx.conf"}) == {
        "one.test",
        "two.test",
        "*.three.test",
        "four.test",
    }
    assert names_elsewhere("", ()) == frozenset()
    assert names_in("server_name_in_redirect on;") == frozenset()


def test_digest_is_of_all_that_the_file_has(host: Played, tmp_path: Path) -> None:
    one, digest = write(["a.test"], {"c": ["a.test"]}, host.settings)
    assert one.count(digest) == 2
    assert write(["a.test"], {"c": ["a.test"]}, host.settings) == (one, digest)
    assert write(["a.test"], {"d": ["a.test"]}, host.settings)[1] != digest
    assert f"ssl_certificate {tmp_path}/tls/c/fullchain.pem;" in one
    assert "server {" not in write([], {}, host.settings)[0]
