"""An autodiscover.php that prints Autodiscover's XML: read, never run.

What it echoes is worked out where it is a text, a variable that is set once, or the address that
it was asked for. The rest is left, and said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from . import pox
from .draft import Source, SourceError

_XML = re.compile(r"<Autodiscover\b.*?</Autodiscover\s*>", re.DOTALL | re.IGNORECASE)
_BLOCK = re.compile(r"<\?(?:php|=)?(.*?)\?>", re.DOTALL)
_ECHO = re.compile(r"\s*(?:echo|print)\b(.*)", re.DOTALL)
_JOINED = re.compile(r"""(["'])\s*\.\s*(?P<code>(?:[^"'<>]|"[^"<>]*"|'[^'<>]*')+?)\s*\.\s*\1""")
_NEXT_ECHO = re.compile(r"""(?:\\n)?["']\s*;\s*(?:echo|print)\s*\(?\s*["']""")
_INSIDE = re.compile(r"\{(?P<braced>\$[^{}]+)\}|(?P<bare>\$\w+(?:\[\w+\]|->\w+)?)")
_SET = re.compile(r"\$(\w+)\s*=(?![=>])\s*([^;]+);")
_DEFINE = re.compile(r"""define\s*\(\s*["'](\w+)["']\s*,\s*([^;]+?)\)\s*;""")
_SPLIT = re.compile(
    r"(?:list\s*\(|\[)\s*\$(\w+)\s*,\s*\$(\w+)\s*[\])]\s*=\s*explode\s*\(\s*['\"]@['\"]"
)
_TEXT = re.compile(r"""(["'])((?:(?!\1).)*)\1""", re.DOTALL)
_CHOICE = re.compile(r"(.+?)\s*\?\s*(.+?)\s*:\s*(.+)", re.DOTALL)
_IS_TRUE = re.compile(r"\s*===?\s*true\s*$", re.IGNORECASE)
_WRAPPED = re.compile(
    r"(?:htmlspecialchars|htmlentities|trim|strtolower|strval|intval|\(string\))\s*\((.*)\)",
    re.DOTALL | re.IGNORECASE,
)
_LOCAL_PART = re.compile(
    r"explode\s*\(\s*['\"]@['\"].*\)\s*\[\s*0\s*\]|strstr\s*\(.*,\s*['\"]@['\"]\s*,\s*true\s*\)"
    r"|strtok\s*\(.*['\"]@['\"]\s*\)|substr\s*\(.*,\s*0\s*,\s*str\w*pos"
    r"|current\s*\(\s*explode\s*\(\s*['\"]@",
    re.DOTALL | re.IGNORECASE,
)
_DOMAIN = re.compile(r"explode\s*\(\s*['\"]@['\"].*\)\s*\[\s*1\s*\]|substr\s*\(\s*strrchr", re.I)
_PART = re.compile(r"\$(\w+)\s*\[\s*([01])\s*\]")
_PARTS = re.compile(r"explode\s*\(\s*['\"]@['\"]", re.IGNORECASE)
_IS_SET = re.compile(r"!?\s*(?:isset|empty)\s*\(.*\)", re.IGNORECASE)
_CONTROL = re.compile(r"\s*(if|else|elseif|foreach|for|while|switch|case)\b")
_ADDRESS = re.compile(
    r"\$(?:\w*(?:mail|match|address)\w*)(?:\s*\[\s*1\s*\])?\s*$|EMailAddress", re.I
)
_DEEPEST = 8  # variables that name each other

Values = Mapping[str, str]


def read(octets: bytes, domains: Sequence[str] = (), address: str = "") -> Source:
    """What the script answers. Raises SourceError."""
    script = octets.decode("utf-8", "replace")
    match = _XML.search(script)
    if match is None:
        raise SourceError("no <Autodiscover> … </Autodiscover> in this script")
    values = _values(script)
    left: list[str] = []
    xml = _plain(match[0], lambda code: _filled(code, values, left), left)
    source = pox.read(xml.encode(), domains, address)
    return Source(source.drafts, (*left, *source.left))


def _values(script: str) -> Values:
    """The code that each variable and constant is set to, where it is set once."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for pattern in (_SET, _DEFINE):
        for name, code in pattern.findall(script):
            twice |= {name} & {*found}
            found[name] = code
    for local, domain in _SPLIT.findall(script):
        found |= {local: "'{localpart}'", domain: "'{domain}'"}
        twice -= {local, domain}
    return {name: code for name, code in found.items() if name not in twice}


def _plain(xml: str, fill: Callable[[str], str], left: list[str]) -> str:
    """The XML of a template: blocks of PHP, or texts that are joined and echoed."""
    if "<?" not in xml:
        xml = _NEXT_ECHO.sub("\n", xml)
        xml = _JOINED.sub(lambda m: fill(m["code"]), xml)
        xml = _INSIDE.sub(lambda m: fill(m["braced"] or m["bare"]), xml)
        return xml.replace('\\"', '"').replace("\\n", "\n")

    def block(match: re.Match[str]) -> str:
        if match[0].startswith("<?="):
            return fill(match[1])
        echo = _ECHO.fullmatch(match[1])
        if control := _CONTROL.match(match[1]):
            left.append(f"PHP's {control[1]}: what is below it is taken in any case")
        return fill(echo[1]) if echo else ""

    return _BLOCK.sub(block, xml)


def _filled(code: str, values: Values, left: list[str]) -> str:
    found = _value(code, values, _DEEPEST)
    if found is None:
        left.append(
            f"PHP's {' '.join(code.rstrip('; ').split())[:60]}: not worked out; it is left empty"
        )
        return ""
    return found.replace("&", "&amp;").replace("<", "&lt;")


def _value(code: str, values: Values, depth: int) -> str | None:
    """What an expression is; None where only running it could tell."""
    code = code.strip().rstrip(";").strip()
    if depth == 0 or not code:
        return None
    if text := _TEXT.fullmatch(code):
        inside = text[2]
        if text[1] == '"' and "$" in inside:
            return None
        return inside
    if code.isdecimal() or code.lower() in ("true", "false"):
        return code.lower()
    return _worked_out(code, values, depth)


def _worked_out(code: str, values: Values, depth: int) -> str | None:
    part = _PART.fullmatch(code)
    if part and _PARTS.match(values.get(part[1], "")):
        return "{localpart}" if part[2] == "0" else "{domain}"
    if _LOCAL_PART.search(code):
        return "{localpart}"
    if _DOMAIN.search(code):
        return "{domain}"
    if wrapped := _WRAPPED.fullmatch(code):
        return _value(wrapped[1].partition(",")[0], values, depth - 1)
    if "??" in code:
        return _value(code.partition("??")[0], values, depth - 1)
    if (choice := _CHOICE.fullmatch(code)) and _IS_SET.fullmatch(choice[1]):
        either = (_value(choice[each], values, depth - 1) for each in (2, 3))
        return next((each for each in either if each), None)
    if choice:
        asked = _IS_TRUE.sub("", choice[1].strip("() "))
        is_so = _value(asked, values, depth - 1)
        if is_so is None:
            return None
        return _value(choice[2 if is_so not in ("false", "0", "") else 3], values, depth - 1)
    if " . " in code:
        parts = [_value(each, values, depth - 1) for each in code.split(" . ")]
        return None if None in parts else "".join(each or "" for each in parts)
    name = re.sub(r"\[\s*1\s*\]$", "", code).lstrip("$")
    if name in values and code.lstrip("$") == name:
        found = _value(values[name], values, depth - 1)
        if found is not None:
            return found
    return "{email}" if _ADDRESS.search(code) else None
