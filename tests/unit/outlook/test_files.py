from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter

import pytest

from mail_autoconfig.outlook.files import adml, admx, archive, files, powershell, reg_file
from mail_autoconfig.outlook.values import AUTODISCOVER, Value, classic
from support.registry import POLICIES, admx_effect, powershell_effect, reg_effect

LANGUAGES = ("en-US", "fr-FR", "de-DE")
VALUES = (
    Value(r"Microsoft\Office\16.0\Outlook\setup", "DisableOffice365SimplifiedAccountCreation", 1),
    *(
        Value(r"Microsoft\Office\16.0\Outlook\AutoDiscover", name, number % 2)
        for number, name in enumerate(AUTODISCOVER)
    ),
    Value(r"Microsoft\Office\16.0\Outlook\AutoDiscover\RedirectServers", "g-1.hoster.test", ""),
    *classic(keep=True, back=True),
)
EFFECT = {(value.path(), value.name): value.data for value in VALUES}


def test_reg_file_is_as_regedit_writes_it() -> None:
    values = [Value(r"A\B", "One", 1), Value(r"A\B", "Large", 0xABCDEF01), Value("A", "x.test", "")]
    assert reg_file(values) == b"\xff\xfe" + (
        "Windows Registry Editor Version 5.00\r\n"
        "\r\n"
        "[HKEY_CURRENT_USER\\Software\\A\\B]\r\n"
        '"One"=dword:00000001\r\n'
        '"Large"=dword:abcdef01\r\n'
        "\r\n"
        "[HKEY_CURRENT_USER\\Software\\A]\r\n"
        '"x.test"=""\r\n'
        "\r\n"
    ).encode("utf-16-le")


def test_all_files_have_the_same_effect() -> None:
    policies = {(value.path(policy=True), value.name): value.data for value in VALUES}
    assert reg_effect(reg_file(VALUES)) == EFFECT
    assert powershell_effect(powershell(VALUES)) == EFFECT
    assert admx_effect(admx(VALUES)) == policies


def test_texts_are_quoted_as_each_file_wants_it() -> None:
    odd = [Value(r"A'B\C", r"back\slash", 'it\'s "that" & <this>'), Value("A", "O'Brien", 1)]
    effect = {(value.path(), value.name): value.data for value in odd}
    assert reg_effect(reg_file(odd)) == powershell_effect(powershell(odd)) == effect
    assert "'it''s \"that\" & <this>'" in powershell(odd).decode()
    line = r'''"back\\slash"="it's \"that\" & <this>"'''
    assert line in reg_file(odd).decode("utf-16")


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_of_the_policies_are_those_that_they_name(language: str) -> None:
    named = re.findall(r"\$\(string\.(\w+)\)", admx(VALUES).decode())
    there = [
        e.attrib["id"] for e in ET.fromstring(adml(VALUES, language)).iter(f"{POLICIES}string")
    ]
    assert len(there) == 2 * len(VALUES) + 2
    assert Counter(there) == Counter(named)


def test_policies_name_their_category_and_products() -> None:
    root = ET.fromstring(admx(VALUES))
    for reference, target in (("parentCategory", "category"), ("supportedOn", "definition")):
        defined = {element.attrib["name"] for element in root.iter(f"{POLICIES}{target}")}
        named = {
            element.attrib["ref"]
            for element in root.iter(f"{POLICIES}{reference}")
            if "ref" in element.attrib
        }
        assert named == defined
    names = [policy.attrib["name"] for policy in root.iter(f"{POLICIES}policy")]
    assert len(set(names)) == len(VALUES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_whole(language: str) -> None:
    texts = {
        element.attrib["id"]: element.text or ""
        for element in ET.fromstring(adml(VALUES, language)).iter(f"{POLICIES}string")
    }
    assert all(texts.values())
    assert not [text for text in texts.values() if "{" in text]
    assert "g-1.hoster.test" in texts["g_1_hoster_test"]
    assert texts["ExcludeHttpRedirect"].endswith("ExcludeHttpRedirect = 1")
    assert texts["ExcludeExplicitO365Endpoint"].endswith("= 0")


def test_texts_are_in_their_language() -> None:
    assert b"Konten" in adml(VALUES, "de-DE")
    assert b"comptes" in adml(VALUES, "fr-FR")
    assert b"accounts" in adml(VALUES, "en-US")
    with pytest.raises(KeyError):
        adml(VALUES, "pl-PL")


def test_files_lie_as_the_policy_store_has_them() -> None:
    assert sorted(files(VALUES)) == [
        "PolicyDefinitions/de-DE/mail-autoconfig.adml",
        "PolicyDefinitions/en-US/mail-autoconfig.adml",
        "PolicyDefinitions/fr-FR/mail-autoconfig.adml",
        "PolicyDefinitions/mail-autoconfig.admx",
        "outlook.ps1",
        "outlook.reg",
    ]


def test_archive_holds_the_files_and_is_always_the_same() -> None:
    with zipfile.ZipFile(io.BytesIO(archive(VALUES))) as zipped:
        assert {name: zipped.read(name) for name in zipped.namelist()} == files(VALUES)
    assert archive(VALUES) == archive(VALUES)
