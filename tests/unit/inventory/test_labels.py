"""A-labels: what IDNA 2008 allows. The library ``idna`` decides the same where it is at hand."""

from __future__ import annotations

import idna
import pytest

from mail_autoconfig.inventory.labels import is_a_label


def label(written: str) -> str:
    return "xn--" + written.encode("punycode").decode("ascii")


@pytest.mark.parametrize(
    "written",
    [
        "bücher", "straße", "βόλος", "日本語", "l·l",
        "カ・カ", "ش‌ب", "क्‍ष", "א״ב", "͵α", "ب٣", "中国", "россия",
    ],
)  # fmt: skip
def test_label(written: str) -> None:
    assert is_a_label(label(written))
    idna.check_label(written)


@pytest.mark.parametrize(
    "written",
    [
        "Bücher", "e\u0301", "a♥", "😀", "a·b", "・a", "ü-", "-ü", "ab--ü", "\u0301a",
        "a\u200d", "a\u200cb", "ü\u00ad", "ﬁ", "ü_", "ü.a", "״ב", "͵a", "ü\u2003", "\u0640ب",
        "٣۳ب", "ü\ufe0f", "\u115fü", "ü\U000e0100", "ᄀ",
    ],
)  # fmt: skip
def test_no_label(written: str) -> None:
    assert not is_a_label(label(written))
    with pytest.raises(UnicodeError):
        idna.check_label(written)


@pytest.mark.parametrize("text", ["xn--a", "xn--", "xn--abc-", "xn--é", "xn--99999999999", "xn---"])
def test_no_punycode(text: str) -> None:
    assert not is_a_label(text)
