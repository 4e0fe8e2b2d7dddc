from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.inventory.read import ConfigurationError, parse
from mail_autoconfig.outlook.values import Value, parse_autodiscover, redirect_hosts, values

SETUP = Value(
    r"Microsoft\Office\16.0\Outlook\setup", "DisableOffice365SimplifiedAccountCreation", 1
)
WAYS = r"Microsoft\Office\16.0\Outlook\AutoDiscover"


def configuration(*domains: dict[str, Any], **more: Any) -> Configuration:
    return parse({"domains": [{"provider": "gandi", **domain} for domain in domains], **more})


OWN = configuration({"name": "example.com"})
BY_SRV = configuration(
    {"name": "example.com"},
    {"name": "example.org", "discovery": "srv"},
    {"name": "example.net", "discovery": "srv"},
    {"name": "*"},
    generic_host="autoconfig.hoster.test",
)


def test_domain_with_names_of_its_own_needs_one_value() -> None:
    assert values(OWN) == (SETUP,)


def test_host_of_srv_records_is_trusted_once() -> None:
    host = Value(rf"{WAYS}\RedirectServers", "autoconfig.hoster.test", "")
    assert values(BY_SRV) == (SETUP, host)


def test_default_entry_leads_to_the_generic_host() -> None:
    found = configuration({"name": "a.test"}, {"name": "*"}, generic_host="g.hoster.test")
    assert redirect_hosts(found) == ("g.hoster.test",)
    assert redirect_hosts(configuration({"name": "a.test"}, {"name": "*"})) == (
        "autodiscover.a.test",
    )


def test_ways_stand_below_autodiscover() -> None:
    found = values(OWN, {"ExcludeScpLookup": 1, "PreferLocalXML": 0})
    assert found[1:] == (Value(WAYS, "ExcludeScpLookup", 1), Value(WAYS, "PreferLocalXML", 0))


KEPT = (
    Value(r"Microsoft\Office\16.0\Outlook\Options\General", "HideNewOutlookToggle", 1),
    Value(r"Microsoft\Office\16.0\Outlook\Options\General", "DoNewOutlookAutoMigration", 0),
    Value(r"Microsoft\Office\16.0\Outlook\Preferences", "NewOutlookMigrationUserSetting", 0),
)
BACK = Value(r"Microsoft\Office\16.0\Outlook\Preferences", "UseNewOutlook", 0, own=True)


def test_users_stay_on_classic_outlook_if_that_is_wanted() -> None:
    assert values(OWN, keep_classic=True) == (SETUP, *KEPT)
    assert values(OWN, return_to_classic=True) == (SETUP, BACK)
    assert values(OWN, keep_classic=True, return_to_classic=True) == (SETUP, *KEPT, BACK)


def test_a_preference_is_never_a_policy() -> None:
    assert {v.path(policy=True).startswith(r"Software\Policies") for v in KEPT} == {True}
    assert BACK.path(policy=True) == r"Software\Microsoft\Office\16.0\Outlook\Preferences"


def test_type_follows_the_data() -> None:
    assert (SETUP.type, Value("k", "n", "").type) == ("REG_DWORD", "REG_SZ")


def test_policy_stands_below_policies() -> None:
    assert SETUP.path() == r"Software\Microsoft\Office\16.0\Outlook\setup"
    assert SETUP.path(policy=True) == r"Software\Policies\Microsoft\Office\16.0\Outlook\setup"


def test_ways_are_read_as_the_registry_reads_names() -> None:
    assert parse_autodiscover({"excludescplookup": True, "PreferLocalXML": 0}) == {
        "ExcludeScpLookup": 1,
        "PreferLocalXML": 0,
    }


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([], "autoconfig_outlook_autodiscover: not a mapping of names to 0 or 1"),
        (
            {"ExcludeScpLookup": 2},
            "autoconfig_outlook_autodiscover, ExcludeScpLookup: 2 is not 0 or 1",
        ),
        (
            {"ExcludeScpLookup": "1"},
            "autoconfig_outlook_autodiscover, ExcludeScpLookup: '1' is not 0 or 1",
        ),
        (
            {"ExcludeSrvLookup": 1},
            'autoconfig_outlook_autodiscover: no value "ExcludeSrvLookup"; known: ExcludeExplicit',
        ),
    ],
)
def test_bad_ways(raw: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_autodiscover(raw)
    (problem,) = raised.value.problems
    assert problem.startswith(message)


def test_all_problems_are_said() -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_autodiscover({"a": 1, "PreferLocalXML": None})
    assert len(raised.value.problems) == 2
