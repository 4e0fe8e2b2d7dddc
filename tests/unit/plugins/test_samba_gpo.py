"""What needs no controller; what Samba makes of it is molecule/samba's part."""

from __future__ import annotations

import copy
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

APPLY = "edacfd8f-ffb3-11d1-b41d-00a0c968f939"
STAFF = "S-1-5-21-1-2-3-1104"
HEAD = "O:S-1-5-21-1-2-3-512G:S-1-5-21-1-2-3-512D:P"
ADMINS = "(A;CI;RPWPCCDCLCLORCWOWDSDDTSW;;;S-1-5-21-1-2-3-512)"
READ = "(A;CI;RPLCLORC;;;AU)"
CONTROLLERS = "(A;CI;RPLCLORC;;;ED)"
AUDIT = "S:AI(OU;CIIOIDSA;WP;f30e3bbe-9ff0-11d1-b603-0000f80367c1;;WD)"
NEW = f"{HEAD}{ADMINS}{READ}(OA;CI;CR;{APPLY};;AU){CONTROLLERS}{AUDIT}"
OURS = "{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{D02B1F73-3407-48AE-BA88-E8213C6761F1}"


KEY = r"Software\Policies\Microsoft\Office\16.0\Outlook\setup"


def rights() -> ModuleType:
    from ansible_collections.mailhost.autoconfig.plugins.module_utils.group_policy import rights

    return rights  # type: ignore[no-any-return]


def attributes() -> ModuleType:
    from ansible_collections.mailhost.autoconfig.plugins.module_utils.group_policy import attributes

    return attributes  # type: ignore[no-any-return]


def values() -> ModuleType:
    from ansible_collections.mailhost.autoconfig.plugins.module_utils.group_policy import values

    return values  # type: ignore[no-any-return]


def test_documentation_is_of_the_same_arguments() -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules import samba_gpo

    def documented(options: dict[str, Any]) -> dict[str, Any]:
        return {name: arguments(option) for name, option in options.items()}

    def arguments(option: dict[str, Any]) -> dict[str, Any]:
        found = {key: value for key, value in option.items() if key != "description"}
        if "suboptions" in found:
            found["options"] = documented(found.pop("suboptions"))
        return found

    text = Path(inspect.getfile(samba_gpo)).read_text()
    text = text.partition('DOCUMENTATION = r"""')[2].partition('"""')[0]
    taken = copy.deepcopy(samba_gpo.ARGUMENTS)
    del taken["values"]["options"]["key"]["no_log"]  # Ansible takes each key for a secret
    assert documented(yaml.safe_load(text)["options"]) == taken


def test_new_object_applies_to_everyone() -> None:
    assert rights().appliers(NEW) == ["AU"]
    assert rights().with_appliers(NEW, ["AU"]) == NEW


def test_filter() -> None:
    """Authenticated Users go on reading; all that is not of the filter stays."""
    new = f"(A;CI;RPLCLORC;;;{STAFF})(OA;CI;CR;{APPLY};;{STAFF})"
    filtered = f"{HEAD}{ADMINS}{READ}{CONTROLLERS}{new}{AUDIT}"
    assert rights().with_appliers(NEW, [STAFF]) == filtered
    assert rights().appliers(filtered) == [STAFF]
    assert rights().with_appliers(filtered, [STAFF]) == filtered
    back = rights().with_appliers(filtered, ["AU"])
    assert back == f"{HEAD}{ADMINS}{READ}{CONTROLLERS}(OA;CI;CR;{APPLY};;AU){AUDIT}"


def test_computers_get_back_their_right_to_read() -> None:
    without = NEW.replace(READ, "")
    assert READ in rights().with_appliers(without, [STAFF])
    assert rights().with_appliers(without, ["AU"]).count(READ) == 1


def test_other_rights_of_a_group_that_leaves_stay() -> None:
    """Samba 4.22 writes the same rights in another order."""
    edit = f"(A;CI;CCDCLC;;;{STAFF})"
    read = f"(A;CI;LCRPLORC;;;{STAFF})"
    given = f"{HEAD}{edit}{read}(OA;CI;CR;{APPLY.upper()};;{STAFF}){READ}"
    assert rights().with_appliers(given, ["AU"]) == f"{HEAD}{edit}{READ}(OA;CI;CR;{APPLY};;AU)"


def test_rights_of_another_form() -> None:
    with pytest.raises(rights().RefusedError, match=r"^access rights of another form: O:BA$"):
        rights().appliers("O:BA")


@pytest.mark.parametrize(
    ("version", "raised"),
    [(0, 0x10000), (0x10000, 0x20000), (0x1FFFF, 0x2FFFF), (0xFFFF0003, 0x10003)],
)
def test_version_of_the_user_side(version: int, raised: int) -> None:
    assert attributes().raised(version) == raised


def test_version_in_the_directory_is_signed() -> None:
    assert attributes().signed(0x7FFF0000) == 0x7FFF0000
    assert attributes().signed(0x80000001) == -0x7FFFFFFF


@pytest.mark.parametrize(
    ("text", "version", "written"),
    [
        ("", -1, "[General]\r\nVersion=7\r\n"),
        ("[General]\r\nVersion=65536\r\n", 65536, "[General]\r\nVersion=7\r\n"),
        (
            "[General]\nversion = 3\ndisplayName=Version\n",
            3,
            "[General]\nVersion=7\ndisplayName=Version\n",
        ),
    ],
)
def test_gpt_ini(text: str, version: int, written: str) -> None:
    assert attributes().version_of(text) == version
    assert attributes().with_version(text, 7) == written


def test_extensions() -> None:
    first, last = "[{00000000-A}{B}]", "[{A0000000-A}{B}]"
    assert attributes().with_extension("") == f"[{OURS}]"
    assert attributes().with_extension(f"[{OURS.lower()}]") == f"[{OURS}]"
    assert attributes().with_extension(f"{last}{first}") == f"{first}[{OURS}]{last}"


def test_links() -> None:
    text = "[LDAP://CN={A},DC=x;0][ldap://CN={B},DC=x;2]"
    links = [("CN={A},DC=x", "0"), ("CN={B},DC=x", "2")]
    assert attributes().links_of(text) == links
    assert attributes().gplink_of(links) == text.replace("ldap", "LDAP")
    assert attributes().links_of(" ") == []


def test_what_there_is_on_lines() -> None:
    from ansible_collections.mailhost.autoconfig.plugins.module_utils.group_policy.state import (
        State,
    )

    state = State(name="N", values=["v"], groups=["b", "a"], links=["DC=x"], rights=False)
    assert State().lines() == []
    assert state.lines() == [
        "Group Policy object N",
        "v",
        "applies to a",
        "applies to b",
        "linked to DC=x",
        "announced to clients",
        "files have other access rights",
    ]


@pytest.mark.parametrize(
    ("type_", "data", "shown"),
    [
        ("REG_DWORD", 1, "REG_DWORD 1"),
        ("REG_DWORD", "4294967295", "REG_DWORD 4294967295"),
        ("REG_SZ", "", 'REG_SZ ""'),
        ("REG_SZ", "ä b", 'REG_SZ "ä b"'),
    ],
)
def test_values_on_a_line(type_: str, data: Any, shown: str) -> None:
    value = values().checked({"key": KEY, "name": "N", "type": type_, "data": data})
    assert value.shown() == rf"{KEY}\N = {shown}"


def test_values_of_other_types_are_shown() -> None:
    assert values().PolicyValue("K", "N", "REG_BINARY", b"\x01\xff").shown() == (
        r"K\N = REG_BINARY 01ff"
    )


@pytest.mark.parametrize(
    ("key", "name", "type_", "data", "problem"),
    [
        ("", "N", "REG_SZ", "", "key and name must have 1 to 255 characters"),
        ("K", "N" * 256, "REG_SZ", "", "key and name must have 1 to 255 characters"),
        ("K", "N\0", "REG_SZ", "", "key and name must have 1 to 255 characters"),
        ("K", "N", "REG_SZ", "a\0b", "a text with a NUL"),
        ("K", "N", "REG_DWORD", 1 << 32, "4294967296 is not a number of 32 bits"),
        ("K", "N", "REG_DWORD", -1, "-1 is not a number of 32 bits"),
        ("K", "N", "REG_DWORD", "x", "'x' is not a number of 32 bits"),
    ],
)
def test_wrong_values(key: str, name: str, type_: str, data: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=f"{problem}$"):
        values().checked({"key": key, "name": name, "type": type_, "data": data})
