from __future__ import annotations

import pytest

from mail_autoconfig.answers.page.visitor import (
    DEVICES,
    Visitor,
    choose_language,
    device_named,
    guess,
)
from mail_autoconfig.inventory.model import Look

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1"
PIXEL = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15"


@pytest.mark.parametrize(
    ("agent", "platform", "device"),
    [
        (IPHONE, "", "ios"),
        ("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Mobile/15E148", "", "ios"),
        (PIXEL, "Android", "android"),
        (PIXEL, "", "android"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/140.0", "Chrome OS", "android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0", "Windows", "windows"),
        (MAC, "", "mac"),
        (MAC, "macOS", "mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "", "linux"),
        ("Mozilla/5.0 (X11; FreeBSD amd64)", "", "linux"),
        (MAC, "Android", "android"),  # a telephone that asks for the page of computers
        ("curl/8.5.0", "", "windows"),
        ("", "", "windows"),
        ("x" * 1000 + "iPhone", "", "windows"),
    ],
)
def test_device(agent: str, platform: str, device: str) -> None:
    assert guess(agent, platform) == device


def test_device_that_somebody_chose() -> None:
    for device in DEVICES:
        assert device_named(device, "mac") == device
    assert device_named("", "mac") == "mac"
    assert device_named("<script>", "linux") == "linux"


def test_who_holds_the_screen() -> None:
    assert Visitor("en", "windows", "ios").on_phone
    assert Visitor("en", "windows", "android").on_phone
    assert not Visitor("en", "ios", "windows").on_phone


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("FR-ca", "fr"),
        ("sv, de;q=0.5, en;q=0.4", "de"),
        ("de;q=0.4, fr;q=0.5", "fr"),
        ("de; q=0.5, fr;q=1.000", "fr"),
        ("de;q=0, fr;q=0.001", "fr"),
        ("de;q=2, fr;q=x, *", "en"),
        ("den, frx", "en"),
        (",;,;q=1,", "en"),
        ("pt-BR", "pt"),
        ("es-419, it;q=0.9", "es"),
        ("nl-BE", "nl"),
        ("pl", "pl"),
    ],
)
def test_language(accepted: str, language: str) -> None:
    assert choose_language(accepted, Look()) == language


def test_language_that_somebody_chose() -> None:
    assert choose_language("de", Look(), "fr") == "fr"
    assert choose_language("de", Look(), "sv") == "de"
    assert choose_language("de", Look(texts={"sv": {}}), "sv") == "sv"


def test_language_is_read_from_the_beginning_alone() -> None:
    assert choose_language("x," * 500 + "de", Look()) == "en"
    assert choose_language("x," * 400 + "de", Look()) == "de"
