from __future__ import annotations

import contextlib
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
KEY = r"Software\Policies\Microsoft\Office\16.0\Outlook\setup"


def pol() -> ModuleType:
    from ansible_collections.mailhost.autoconfig.plugins.module_utils import registry_pol

    return registry_pol  # type: ignore[no-any-return]


def test_bytes_are_those_of_the_specification() -> None:
    number = pol().value("K", "N", "REG_DWORD", 258)
    text = pol().value("K", "é", "REG_SZ", "")
    assert pol().pack([number, text]) == (
        b"PReg\x01\0\0\0"
        b"[\0K\0\0\0;\0N\0\0\0;\0\x04\0\0\0;\0\x04\0\0\0;\0\x02\x01\0\0]\0"
        b"[\0K\0\0\0;\0\xe9\0\0\0;\0\x01\0\0\0;\0\x02\0\0\0;\0\0\0]\0"
    )


@given(st.lists(st.tuples(TEXT, TEXT, st.integers(0, 11), st.binary())))
def test_what_is_packed_is_parsed(entries: list[tuple[str, str, int, bytes]]) -> None:
    values = [pol().PolicyValue(*entry) for entry in entries]
    assert pol().parse(pol().pack(values)) == values


@given(st.binary())
def test_any_bytes_are_values_or_a_problem(content: bytes) -> None:
    whole = b"PReg\x01\0\0\0" + content
    with contextlib.suppress(ValueError):
        assert len(pol().pack(pol().parse(whole))) == len(whole)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no header of a Registry.pol"),
        (b"PReg\x02\0\0\0", "no header of a Registry.pol"),
        (b"PReg\x01\0\0\0x\0", r"no \[ at octet 8"),
        (b"PReg\x01\0\0\0[\0K\0", "ends inside of a value"),
    ],
)
def test_file_that_is_none(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}$"):
        pol().parse(content)


@pytest.mark.parametrize(
    ("type_", "data", "shown"),
    [
        ("REG_DWORD", 1, "REG_DWORD 1"),
        ("REG_DWORD", "4294967295", "REG_DWORD 4294967295"),
        ("REG_SZ", "", 'REG_SZ ""'),
        ("REG_SZ", "ä b", 'REG_SZ "ä b"'),
    ],
)
def test_shown(type_: str, data: Any, shown: str) -> None:
    value = pol().value(KEY, "N", type_, data)
    assert value.shown() == rf"{KEY}\N = {shown}"


def test_other_types_are_shown() -> None:
    assert pol().PolicyValue("K", "N", 3, b"\x01\xff").shown() == r"K\N = 3 01ff"
    assert pol().PolicyValue("K", "N", 4, b"\x01").shown() == r"K\N = REG_DWORD 01"


@pytest.mark.parametrize(
    ("key", "name", "type_", "data", "problem"),
    [
        ("", "N", "REG_SZ", "", "no key and name of up to 255 characters"),
        ("K", "N" * 256, "REG_SZ", "", "no key and name of up to 255 characters"),
        ("K", "N\0", "REG_SZ", "", "no key and name of up to 255 characters"),
        ("K", "N", "REG_DWORD", 1 << 32, "4294967296 is no number of 32 bits"),
        ("K", "N", "REG_DWORD", "x", "'x' is no number of 32 bits"),
        ("K", "N", "REG_QWORD", 1, "no type REG_QWORD; use REG_SZ, REG_DWORD"),
    ],
)
def test_wrong_values(key: str, name: str, type_: str, data: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=f"{problem}$"):
        pol().value(key, name, type_, data)
