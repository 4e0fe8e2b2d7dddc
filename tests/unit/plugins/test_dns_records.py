from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

SRV = {"provider": "ovh", "discovery": "srv"}


def action() -> Any:
    from ansible_collections.mailhost.autoconfig.plugins.action import dns_records

    return dns_records


def test_documentation_is_of_the_same_arguments() -> None:
    module = Path(inspect.getfile(action())).parents[1] / "modules/dns_records.py"
    text = module.read_text().partition('DOCUMENTATION = r"""')[2].partition('"""')[0]
    options = yaml.safe_load(text)["options"]
    documented = {
        name: {key: value for key, value in option.items() if key != "description"}
        for name, option in options.items()
    }
    assert documented == action().ARGUMENTS


def test_secrets_are_all_texts_that_a_provider_gets() -> None:
    servers = [
        {"address": "ns.example", "key_secret": "c2VjcmV0"},
        {"address": "dc.example", "kerberos_password": "passw0rd"},
        {
            "provider": "ovh",
            "settings": {"consumer_key": "0123456789", "x": [{"y": "abcdefgh"}]},
        },
        {"provider": "x", "settings": {"retries": 4, "region": "eu"}},
    ]
    assert set(action().secrets(servers)) - {""} == {
        "c2VjcmV0",
        "passw0rd",
        "0123456789",
        "abcdefgh",
    }


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        (["*"], {"*"}),
        (["Autoconfig.Example.com."], {"autoconfig.example.com"}),
        (["_imaps._tcp.bücher.example"], {"_imaps._tcp.xn--bcher-kva.example"}),
        ([], set()),
    ],
)
def test_names(listed: list[str], names: set[str]) -> None:
    assert action().names_of(listed, "autoconfig_dns_keep") == names


@pytest.mark.parametrize("name", ["", "a b", "_tcp", "a.*"])
def test_no_name(name: str) -> None:
    with pytest.raises(Exception, match=r'^autoconfig_dns_keep: ".*" is not a name such as'):
        action().names_of([name], "autoconfig_dns_keep")


def test_files_follow_what_is_wanted(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "records"
    made = "; Made by mail-autoconfig; its next run replaces this file.\n"
    first = {"records.md": "1", "a.zone": f"{made}a", "b.zone": f"{made}b"}
    assert len(action().write(directory, first, dry=True)) == 3
    assert not directory.exists()
    assert len(action().write(directory, first, dry=False)) == 3
    assert action().write(directory, first, dry=False) == []

    (directory / "mine.zone").write_text("$ORIGIN mine.example.\n")
    second = {"records.md": "2", "a.zone": f"{made}a"}
    diffs = action().write(directory, second, dry=False)
    assert [(Path(each["after_header"]).name, each["after"]) for each in diffs] == [
        ("b.zone", ""),
        ("records.md", "2"),
    ]
    assert {path.name for path in directory.iterdir()} == {"records.md", "a.zone", "mine.zone"}


def test_what_shares_its_name_with_others_is_never_pushed() -> None:
    records = action().RECORDS
    spf = records.RecordSet("a.example", "a.example", "TXT", ('"mailconf=x"',), by_hand=True)
    srv = records.RecordSet("a.example", "_imaps._tcp.a.example", "SRV", ("0 1 993 m.",))
    split = action().by_hand_and_pushed
    assert split({"a.example": [spf, srv]}, ["a.example"]) == (
        {"a.example": [spf]},
        {"a.example": [srv]},
    )
    assert split({"a.example": [srv]}, ["a.example"]) == ({}, {"a.example": [srv]})
    assert split({"a.example": [spf, srv]}, [])[0] == {"a.example": [spf, srv]}


def test_domains_of_sources() -> None:
    """The inventory wins, however it spells a name; there may be no domain but theirs."""
    arguments: dict[str, Any] = {
        "domains": [{"name": "Bücher.example", "provider": "gandi"}, "wrong"],
        "providers": {},
        "generic_host": "auto.example",
        "sourced": [
            {"domain": "xn--bcher-kva.example", "source": "a", "definition": {"provider": "ovh"}},
            {"domain": "customer.example", "source": "a", "definition": SRV},
        ],
        "complete": True,
    }
    found = action().with_sourced(arguments)
    assert found["domains"] == [*arguments["domains"], SRV | {"name": "customer.example"}]
    alone = action().READ.parse(action().with_sourced(arguments | {"domains": []}))
    assert [*alone.domains] == ["xn--bcher-kva.example", "customer.example"]
    unknown = action().with_sourced(arguments | {"domains": [], "sourced": [], "complete": False})
    assert [*action().READ.parse(unknown).domains] == []
    with pytest.raises(action().READ.ConfigurationError, match="no domain; name at least one"):
        action().READ.parse(action().with_sourced(arguments | {"domains": [], "sourced": []}))
