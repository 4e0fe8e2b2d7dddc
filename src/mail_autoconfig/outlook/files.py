"""The registry values of Outlook as files, to set without Ansible: values -> bytes."""

from __future__ import annotations

import codecs
import io
import re
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files as resources

from markupsafe import Markup

from .. import texts
from ..formats.words import REG_PATH, ZIP_PATH
from ..templates import template
from .values import Value

_POWERSHELL_TYPES = {"REG_DWORD": "DWord", "REG_SZ": "String"}


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    """What the Group Policy editor shows, by language."""
    return tomllib.loads(resources(texts).joinpath("policies.toml").read_text("utf-8"))


def _regedit(text: str) -> str:
    """A text as regedit quotes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _powershell(data: int | str) -> Markup:
    """Data as PowerShell reads it; no template escapes it again."""
    if isinstance(data, int):
        return Markup(data)  # noqa: S704
    quoted = data.replace("'", "''")
    return Markup(f"'{quoted}'")  # noqa: S704


def reg_file(values: Sequence[Value]) -> bytes:
    """Return a file that sets `values` for the user who opens it, in the form regedit writes."""
    lines = ["Windows Registry Editor Version 5.00"]
    key = ""
    for value in values:
        if value.path() != key:
            key = value.path()
            lines += ["", f"[HKEY_CURRENT_USER\\{key}]"]
        data = f"dword:{value.data:08x}" if isinstance(value.data, int) else _regedit(value.data)
        lines.append(f"{_regedit(value.name)}={data}")
    return codecs.BOM_UTF16_LE + "\r\n".join([*lines, "", ""]).encode("utf-16-le")


def powershell(values: Sequence[Value]) -> bytes:
    """Return a script that sets `values` for the user who runs it.

    Cmdlets alone, for PCs whose PowerShell is in constrained language mode; ASCII, for PowerShell
    5.1, which takes a file without a mark to be in the system's code page.
    """
    text = template("outlook.ps1").render(
        values=values, types=_POWERSHELL_TYPES, literal=_powershell
    )
    return text.replace("\n", "\r\n").encode("ascii")


def admx(values: Sequence[Value]) -> bytes:
    """Return the definition of a user's policy for each value (MS-GPREG, section 2.2.2)."""
    return template("policy.admx").render(policies=list(_named(values))).encode()


def adml(values: Sequence[Value], language: str) -> bytes:
    """Return the texts of `admx` in a language such as `en-US`.

    Raises KeyError for a language that there is not.
    """
    t = _texts()[language]
    policies = [
        (
            identifier,
            t.get(f"{_subject(value)}_title", t["title"]).format(
                host=value.name, name=value.name, data=value.data
            ),
            t[_subject(value)].format(host=value.name),
        )
        for identifier, value in _named(values)
    ]
    return template("policy.adml").render(t=t, policies=policies).encode()


def _subject(value: Value) -> str:
    """The key of the value's texts."""
    key = value.key.rpartition("\\")[2]
    return key if key == "RedirectServers" else value.name


def _named(values: Sequence[Value]) -> Iterator[tuple[str, Value]]:
    """Each value with an identifier, which may contain letters, digits and underscores."""
    for value in values:
        yield re.sub(r"\W", "_", value.name), value


def files(values: Sequence[Value]) -> dict[str, bytes]:
    """Return all files by their path, as the Group Policy editor expects their directories."""
    return {
        "outlook.reg": reg_file(values),
        "outlook.ps1": powershell(values),
        "PolicyDefinitions/mail-autoconfig.admx": admx(values),
        **{
            f"PolicyDefinitions/{language}/mail-autoconfig.adml": adml(values, language)
            for language in _texts()
        },
    }


def archive(values: Sequence[Value]) -> bytes:
    """Return all files as a ZIP archive; the same values give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path, content in files(values).items():
            entry = zipfile.ZipInfo(path)  # of 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, content)
    return buffer.getvalue()


DOWNLOADS: Mapping[str, tuple[Callable[[Sequence[Value]], bytes], str]] = {
    # A text type would be sent with a character set.
    REG_PATH: (reg_file, "application/octet-stream"),
    ZIP_PATH: (archive, "application/zip"),
}
"""What the web server hands out: path -> (what makes it, media type)."""
