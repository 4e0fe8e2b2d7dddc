"""What needs no controller; what Samba makes of it is molecule/samba's part."""

from __future__ import annotations

from types import ModuleType

import pytest

APPLY = "edacfd8f-ffb3-11d1-b41d-00a0c968f939"
STAFF = "S-1-5-21-1-2-3-1104"
HEAD = "O:S-1-5-21-1-2-3-512G:S-1-5-21-1-2-3-512D:P"
ADMINS = "(A;CI;RPWPCCDCLCLORCWOWDSDDTSW;;;S-1-5-21-1-2-3-512)"
READ = "(A;CI;RPLCLORC;;;AU)"
CONTROLLERS = "(A;CI;RPLCLORC;;;ED)"
AUDIT = "S:AI(OU;CIIOIDSA;WP;f30e3bbe-9ff0-11d1-b603-0000f80367c1;;WD)"
NEW = f"{HEAD}{ADMINS}{READ}(OA;CI;CR;{APPLY};;AU){CONTROLLERS}{AUDIT}"
OURS = "{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{D02B1F73-3407-48AE-BA88-E8213C6761F1}"


def gpo() -> ModuleType:
    from ansible_collections.mailhost.autoconfig.plugins.modules import samba_gpo

    return samba_gpo  # type: ignore[no-any-return]


def test_new_object_applies_to_everyone() -> None:
    assert gpo().appliers(NEW) == ["AU"]
    assert gpo().with_appliers(NEW, ["AU"]) == NEW


def test_filter() -> None:
    """Authenticated Users go on reading; all that is not of the filter stays."""
    new = f"(A;CI;RPLCLORC;;;{STAFF})(OA;CI;CR;{APPLY};;{STAFF})"
    filtered = f"{HEAD}{ADMINS}{READ}{CONTROLLERS}{new}{AUDIT}"
    assert gpo().with_appliers(NEW, [STAFF]) == filtered
    assert gpo().appliers(filtered) == [STAFF]
    assert gpo().with_appliers(filtered, [STAFF]) == filtered
    back = gpo().with_appliers(filtered, ["AU"])
    assert back == f"{HEAD}{ADMINS}{READ}{CONTROLLERS}(OA;CI;CR;{APPLY};;AU){AUDIT}"


def test_computers_get_back_their_right_to_read() -> None:
    without = NEW.replace(READ, "")
    assert READ in gpo().with_appliers(without, [STAFF])
    assert gpo().with_appliers(without, ["AU"]).count(READ) == 1


def test_other_rights_of_a_group_that_leaves_stay() -> None:
    """Samba 4.22 writes the same rights in another order."""
    edit = f"(A;CI;CCDCLC;;;{STAFF})"
    read = f"(A;CI;LCRPLORC;;;{STAFF})"
    given = f"{HEAD}{edit}{read}(OA;CI;CR;{APPLY.upper()};;{STAFF}){READ}"
    assert gpo().with_appliers(given, ["AU"]) == f"{HEAD}{edit}{READ}(OA;CI;CR;{APPLY};;AU)"


def test_rights_of_another_form() -> None:
    with pytest.raises(gpo().RefusedError, match=r"^access rights of another form: O:BA$"):
        gpo().appliers("O:BA")


@pytest.mark.parametrize(
    ("version", "raised"),
    [(0, 0x10000), (0x10000, 0x20000), (0x1FFFF, 0x2FFFF), (0xFFFF0003, 0x10003)],
)
def test_version_of_the_user_side(version: int, raised: int) -> None:
    assert gpo().raised(version) == raised


def test_version_in_the_directory_is_signed() -> None:
    assert gpo().signed(0x7FFF0000) == 0x7FFF0000
    assert gpo().signed(0x80000001) == -0x7FFFFFFF


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
    assert gpo().version_of(text) == version
    assert gpo().with_version(text, 7) == written


def test_extensions() -> None:
    first, last = "[{00000000-A}{B}]", "[{A0000000-A}{B}]"
    assert gpo().with_extension("") == f"[{OURS}]"
    assert gpo().with_extension(f"[{OURS.lower()}]") == f"[{OURS}]"
    assert gpo().with_extension(f"{last}{first}") == f"{first}[{OURS}]{last}"


def test_links() -> None:
    text = "[LDAP://CN={A},DC=x;0][ldap://CN={B},DC=x;2]"
    links = [("CN={A},DC=x", "0"), ("CN={B},DC=x", "2")]
    assert gpo().links_of(text) == links
    assert gpo().gplink_of(links) == text.replace("ldap", "LDAP")
    assert gpo().links_of(" ") == []


def test_what_there_is_on_lines() -> None:
    state = gpo().State(name="N", values=["v"], groups=["b", "a"], links=["DC=x"], rights=False)
    assert gpo().State().lines() == []
    assert state.lines() == [
        "Group Policy object N",
        "v",
        "applies to a",
        "applies to b",
        "linked to DC=x",
        "announced to clients",
        "files have other access rights",
    ]
