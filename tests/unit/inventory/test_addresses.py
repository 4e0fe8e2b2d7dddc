from __future__ import annotations

from urllib.parse import quote

import pytest

from mail_autoconfig.inventory.addresses import Address, parse, pattern_of


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("u@example.com", Address("u@example.com", "u", "example.com")),
        (" U@Example.COM\n", Address("U@Example.COM", "U", "example.com")),
        ('"a@b"@example.com', Address('"a@b"@example.com', '"a@b"', "example.com")),
        (r'"a\"@b"@example.com', Address(r'"a\"@b"@example.com', r'"a\"@b"', "example.com")),
        ("ü@bücher.example", Address("ü@bücher.example", "ü", "xn--bcher-kva.example")),
        ("x" * 242 + "@example.com", Address("x" * 242 + "@example.com", "x" * 242, "example.com")),
    ],
)
def test_address(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "u",
        "@example.com",
        "u@",
        "u@localhost",
        "u@[192.0.2.1]",
        "a@b@example.com",
        '"a"@b"@example.com',
        '"a\\"@b@example.com',
        "a\x00b@example.com",
        "a\tb@example.com",
        "a\x85b@example.com",
        "a\ufffeb@example.com",
        "a\ud800b@example.com",
        "x" * 243 + "@example.com",
        "ü" * 122 + "@example.com",
    ],
)
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        parse(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "login"),
    [
        ("{email}", "A{domain}@Example.com"),
        ("{localpart}", "A{domain}"),
        ("{domain}\\{localpart}", "Example.com\\A{domain}"),
        ("shared", "shared"),
    ],
)
def test_fill_takes_the_address_as_sent_and_only_once(pattern: str, login: str) -> None:
    assert parse("A{domain}@Example.com").fill(pattern) == login


def test_fill_encodes_each_part() -> None:
    address = parse("a/b@example.com")
    assert address.fill("/x/{localpart}/{domain}", lambda text: quote(text, safe="")) == (
        "/x/a%2Fb/example.com"
    )
    assert address.fill("{email}", str.upper) == "A/B@EXAMPLE.COM"


def test_a_url_has_the_domain_as_a_host_name() -> None:
    url = parse("ü@Bücher.example").fill_url("https://dav.{domain}/{localpart}/")
    assert url == "https://dav.xn--bcher-kva.example/%C3%BC/"


_DOMAIN = "example.test"
_USER = f"user@{_DOMAIN}"


@pytest.mark.parametrize(
    ("username", "pattern"),
    [
        (_USER, "{email}"),
        ("", "{email}"),
        ("user", "{localpart}"),
        ("AD\\user", "AD\\{localpart}"),
        (f"user%{_DOMAIN}", "{localpart}%{domain}"),
        (f"x {_USER}", "x {email}"),
        ("shared", "shared"),
        (f"other@{_DOMAIN}", f"other@{_DOMAIN}"),
    ],
)
def test_pattern_of_a_user_name(username: str, pattern: str) -> None:
    assert pattern_of(username, _USER) == pattern
