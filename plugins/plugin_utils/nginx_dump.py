# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read what `nginx -T` prints: nginx's whole configuration, with the files that it includes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_FILE = re.compile(r"^# configuration file (/.*):$", re.MULTILINE)
# As nginx's ngx_conf_read_token: a quote counts at the start of a word alone, and so does a brace
# that closes.
_TOKEN = re.compile(
    r"""\#[^\n]*|(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<mark>[{};])|(?P<word>(?:\\.|\$\{|[^\s;{])+)""",
    re.DOTALL,
)
# Lua between braces has braces, quotes and comments of its own.
_LUA = re.compile(r"""--[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?P<brace>[{}])""")


@dataclass(frozen=True)
class Directive:
    """One directive; `where` is its file and line, `block` what is between its braces."""

    name: str
    arguments: tuple[str, ...]
    where: str
    block: tuple[Directive, ...] | None = None

    @property
    def file(self) -> str:
        """The file in which it is."""
        return self.where.rpartition(":")[0]


def read(dump: str) -> tuple[Directive, ...]:
    """Return the directives of the main file. Those of an included file follow their `include`."""
    _before, *parts = _FILE.split(dump)
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    if not files:
        return ()
    main = next(iter(files))
    parsed = {path: _parse(path, text) for path, text in files.items()}
    return tuple(_included(parsed[main], parsed, PurePosixPath(main).parent, (main,)))


def pattern_of(include: Directive, directory: PurePosixPath) -> str:
    """Return the full path of what an `include` names; `directory` has nginx's main file."""
    return str(directory / (include.arguments or ("",))[0])


def _included(
    block: Sequence[Directive],
    parsed: dict[str, tuple[Directive, ...]],
    directory: PurePosixPath,
    above: tuple[str, ...],
) -> Iterator[Directive]:
    for each in block:
        inside = None
        if each.block is not None:
            inside = tuple(_included(each.block, parsed, directory, above))
        yield Directive(each.name, each.arguments, each.where, inside)
        if each.name == "include":
            pattern = pattern_of(each, directory)
            for path in sorted(parsed):
                if PurePosixPath(path).match(pattern) and path not in above:
                    yield from _included(parsed[path], parsed, directory, (*above, path))


def _parse(path: str, text: str) -> tuple[Directive, ...]:
    """Parse one file. nginx has accepted it, so nothing is checked."""
    blocks: list[list[Directive]] = [[]]
    open_: list[tuple[list[str], str]] = []
    words: list[str] = []
    where, position = "", 0
    line, counted = 0, 0
    while token := _TOKEN.search(text, position):
        position = token.end()
        if token["quoted"] or token["word"]:
            line += text.count("\n", counted, token.start())
            counted = token.start()
            where = where if words else f"{path}:{line}"
            words.append(token["quoted"][1:-1] if token["quoted"] else token["word"])
        elif token["mark"] == "{" and words and words[0].endswith("_by_lua_block"):
            position = _end_of_lua(text, position)
            words = []
        elif token["mark"] == "{":
            open_.append((words or [""], where))
            blocks.append([])
            words = []
        elif token["mark"] == "}" and open_:
            (name, *arguments), place = open_.pop()
            inside = tuple(blocks.pop())
            blocks[-1].append(Directive(name, tuple(arguments), place, inside))
        elif token["mark"] == ";" and words:
            blocks[-1].append(Directive(words[0], tuple(words[1:]), where))
            words = []
    return tuple(blocks[0])


def _end_of_lua(text: str, position: int) -> int:
    depth = 1
    while depth and (token := _LUA.search(text, position)):
        depth += {"{": 1, "}": -1}.get(token["brace"] or "", 0)
        position = token.end()
    return position
