"""Which labels of a host name there are: IDNA 2008 (RFC 5891 and 5892), by the standard library."""

from __future__ import annotations

from unicodedata import bidirectional, category, combining, is_normalized, name, normalize

PREFIX = "xn--"
_LETTERS_AND_DIGITS = frozenset({"Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"})
# RFC 5892, section 2.6: what its other rules would decide in another way.
_VALID = frozenset("-\u00df\u03c2\u06fd\u06fe\u0f0b\u3007")
_INVALID = frozenset("\u0640\u07fa\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b")
_IGNORED = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
_BLOCKS = (  # combining marks for symbols, musical symbols (2.5); old Hangul jamo (2.9)
    (0x20D0, 0x20FF), (0x1D100, 0x1D24F), (0xFE00, 0xFE0F), (0xE0000, 0xE0FFF),
    (0x1100, 0x11FF), (0xA960, 0xA97F), (0xD7B0, 0xD7FF),
)  # fmt: skip
_VIRAMA = 9


def is_a_label(label: str) -> bool:
    """Whether a label in lower case that begins with ``xn--`` stands for a name (RFC 5891, 5.4)."""
    try:
        meant = written(label)
    except ValueError:  # UnicodeError is one
        return False
    if meant.isascii() or PREFIX + meant.encode("punycode").decode("ascii") != label:
        return False
    return (
        is_normalized("NFC", meant)
        and not category(meant[0]).startswith("M")
        and not meant.startswith("-")
        and not meant.endswith("-")
        and meant[2:4] != "--"
        and all(_is_allowed(meant, index) for index in range(len(meant)))
        and not (_has(meant, 0x660) and _has(meant, 0x6F0))
    )


def written(label: str) -> str:
    """A label in its own letters. Raises ValueError if it begins with ``xn--`` and has none."""
    if not label.startswith(PREFIX):
        return label
    return label.removeprefix(PREFIX).encode("ascii").decode("punycode")


def _is_allowed(label: str, index: int) -> bool:
    character = label[index]
    if (rule := _in_context(label, index)) is not None:
        return rule
    if character in _VALID:
        return True
    return not (
        character in _INVALID
        or character in _IGNORED
        or any(first <= ord(character) <= last for first, last in _BLOCKS)
        or category(character) not in _LETTERS_AND_DIGITS
        or normalize("NFKC", normalize("NFKC", character).casefold()) != character
    )


def _in_context(label: str, index: int) -> bool | None:
    """What RFC 5892, appendix A, says of a character among others; None if it says nothing."""
    before, after = label[index - 1 : index], label[index + 1 : index + 2]
    match label[index]:
        case "\u200d":
            return before != "" and combining(before) == _VIRAMA
        case "\u200c":  # Python does not know which letters join; those of these scripts do
            joins = before and after and {*map(bidirectional, before + after)} <= {"AL", "NSM"}
            return bool(joins) or (before != "" and combining(before) == _VIRAMA)
        case "\u00b7":
            return before == after == "l"
        case "\u0375":
            return after != "" and name(after, "").startswith("GREEK")
        case "\u05f3" | "\u05f4":
            return before != "" and name(before, "").startswith("HEBREW")
        case "\u30fb":
            scripts = ("HIRAGANA", "KATAKANA LETTER", "CJK")
            return any(name(each, "").startswith(scripts) for each in label)
    return None


def _has(label: str, zero: int) -> bool:
    return any(zero <= ord(each) < zero + 10 for each in label)
