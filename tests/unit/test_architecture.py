"""The code keeps the order that docs/architecture.md describes: layers, sizes, places."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
PACKAGE = "src/mail_autoconfig"
LONGEST_MODULE = 300  # lines
LONGEST_FUNCTION = 40  # lines
# A question of docs/architecture.md, a path, a symbol.
ANSWER = re.compile(r"\| (?P<question>[^|]+\?) \| `(?P<path>[^`]+)`: `(?P<symbol>[^`]+)` \|")

# What may be longer, and why. A name that is not longer any more fails the test.
LONG_MODULES = {
    f"{PACKAGE}/doctor/catalogue.py": "the table of the faults",
}
LONG_FUNCTIONS: dict[str, str] = {}

Sources = Mapping[str, str]
"""The text of each module, by its path below the root of the repository."""


def sources(*directories: str) -> Sources:
    return {
        str(path.relative_to(ROOT)): path.read_text("utf-8")
        for directory in directories
        for path in sorted((ROOT / directory).rglob("*.py"))
    }


def long_modules(modules: Sources) -> set[str]:
    """The modules over `LONGEST_MODULE` lines."""
    return {path for path, text in modules.items() if len(text.splitlines()) > LONGEST_MODULE}


def long_functions(modules: Sources) -> set[str]:
    """The functions over `LONGEST_FUNCTION` lines, decorators apart, as path::name."""
    return {
        f"{path}::{node.name}"
        for path, text in modules.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    }


def imports(modules: Sources) -> dict[str, set[str]]:
    """The modules of the package that each of them imports, inside functions too.

    Both are paths below `PACKAGE` without the suffix; a package is its `__init__`.
    """
    known = {
        str(Path(path).relative_to(PACKAGE).with_suffix("")): text for path, text in modules.items()
    }
    return {
        name: {
            target for node in ast.walk(ast.parse(text)) for target in _targets(name, node, known)
        }
        for name, text in known.items()
    }


def _targets(name: str, node: ast.AST, known: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(node, ast.ImportFrom) or not node.level:
        return
    package = name.split("/")[: -node.level]
    place = [*package, *(node.module or "").split(".")] if node.module else package
    for alias in node.names:
        submodule = "/".join([*place, alias.name])
        module = "/".join(place)
        choices = (submodule, f"{submodule}/__init__", module, f"{module}/__init__".lstrip("/"))
        yield next(
            (choice for choice in choices if choice in known), f"{submodule}: no such module"
        )


def layers(page: str) -> dict[str, int]:
    """The floor of each package, from 1, as the rows of the table of layers say from the top."""
    _, _, rest = page.partition("## Layers\n")
    rows = re.findall(r"^\| (`.+?) \|", rest.partition("\n## ")[0], re.MULTILINE)
    floors = enumerate(reversed(rows), 1)
    return {name: floor for floor, row in floors for name in re.findall(r"`(.+?)`", row)}


def upward(found: Mapping[str, set[str]], floors: Mapping[str, int]) -> set[str]:
    """The imports between packages that do not go to a lower floor."""

    def package(module: str) -> str:
        return module.partition("/")[0]

    return {
        f"{module} -> {target}"
        for module, targets in found.items()
        for target in targets
        if package(module) != package(target)
        if not floors.get(package(target), 99) < floors.get(package(module), 0)
    }


def circle(found: Mapping[str, set[str]]) -> list[str]:
    """Some modules that import each other in a circle; empty if there are none."""
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def absolute(modules: Sources) -> set[str]:
    """The modules that name the package; it also runs from the collection and from a zipapp."""
    return {
        path
        for path, text in modules.items()
        if re.search(r"^\s*(?:from|import) mail_autoconfig\b", text, re.MULTILINE)
    }


def names_the_program(texts: Sources) -> set[str]:
    """The files that name the package as a part of the collection."""
    name = re.compile(r"ansible_collections\.mailhost\.autoconfig(?:\.| import )src\b")
    relative = re.compile(r"^\s*from \.+src\b", re.MULTILINE)
    return {path for path, text in texts.items() if name.search(text) or relative.search(text)}


def answers(page: str) -> list[re.Match[str]]:
    """The rows of the table "Where is …?"."""
    return list(ANSWER.finditer(page))


# The repository


def test_modules_are_short() -> None:
    found = long_modules(sources("src", "plugins"))
    assert found == set(LONG_MODULES), sorted(found ^ set(LONG_MODULES))


def test_functions_are_short() -> None:
    found = long_functions(sources("src", "plugins"))
    assert found == set(LONG_FUNCTIONS), sorted(found ^ set(LONG_FUNCTIONS))


def test_no_import_goes_upward() -> None:
    assert upward(imports(sources(PACKAGE)), layers(PAGE)) == set()


def test_no_imports_make_a_circle() -> None:
    assert circle(imports(sources(PACKAGE))) == []


def test_imports_inside_the_package_are_relative() -> None:
    assert absolute(sources(PACKAGE)) == set()


def test_layers_are_those_of_the_directory() -> None:
    there = {path.stem for path in (ROOT / PACKAGE).glob("*.py")}
    there |= {path.parent.name for path in (ROOT / PACKAGE).glob("*/__init__.py")}
    assert set(layers(PAGE)) == there


def test_page_names_each_role_and_playbook() -> None:
    there = {f"roles/{path.name}" for path in (ROOT / "roles").iterdir()}
    there |= {path.name for path in (ROOT / "playbooks").iterdir()}
    assert there - set(re.findall(r"`([^`]+)`", PAGE)) == set()


def test_one_module_knows_where_the_program_is() -> None:
    suffixes = {".py", ".yml", ".j2", ".md", ".toml", ".ps1", ".sh"}
    directories = ("src", "plugins", "roles", "playbooks", "molecule", "demo", "docs", "tests")
    texts = {
        str(path.relative_to(ROOT)): path.read_text("utf-8")
        for directory in directories
        for path in (ROOT / directory).rglob("*")
        if path.suffix in suffixes and path.is_file()
    }
    assert names_the_program(texts) == {"plugins/plugin_utils/program.py"}


def test_twelve_questions_are_answered() -> None:
    assert len({answer["question"] for answer in answers(PAGE)}) >= 12


@pytest.mark.parametrize("answer", answers(PAGE), ids=lambda answer: str(answer["question"]))
def test_answer_is_right(answer: re.Match[str]) -> None:
    text = (ROOT / answer["path"]).read_text("utf-8")
    assert re.search(rf"(?<!\w){re.escape(answer['symbol'])}(?!\w)", text)


# The checkers find what is wrong


def test_long_module_is_found() -> None:
    assert long_modules({"short.py": "x\n" * 300, "long.py": "x\n" * 301}) == {"long.py"}


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_long_function_is_found(kind: str) -> None:
    short = f"@decorated\n{kind} short():\n" + "    pass\n" * 39
    long = f"class It:\n    {kind} long():\n" + "        pass\n" * 40
    assert long_functions({"a.py": short + long}) == {"a.py::long"}


FLOORS = {"__init__": 0, "low": 1, "high": 2, "beside": 2}


@pytest.mark.parametrize(
    ("module", "text", "found"),
    [
        ("low/a", "from ..high.b import x\n", {"low/a -> high/b"}),
        ("low/a", "def f():\n    from ..high import b\n", {"low/a -> high/b"}),
        ("low/a", "from .. import high\n", {"low/a -> high/__init__"}),
        ("low/a", "from ..high import x\n", {"low/a -> high/__init__"}),
        ("beside", "from .high import b\n", {"beside -> high/b"}),
        ("unknown", "from .low import a\n", {"unknown -> low/a"}),
        ("low/a", "from ..nothing import x\n", {"low/a -> nothing/x: no such module"}),
        ("high/b", "from ..low.a import x\nfrom .. import __version__\nimport json\n", set()),
        ("low/a", "from .other import x\n", set()),
    ],
)
def test_import_that_goes_upward_is_found(module: str, text: str, found: set[str]) -> None:
    there = ["__init__", "low/__init__", "low/a", "low/other", "high/__init__", "high/b"]
    modules = {f"{PACKAGE}/{name}.py": "" for name in there} | {f"{PACKAGE}/{module}.py": text}
    assert upward(imports(modules), FLOORS) == found


def test_circle_is_found() -> None:
    modules = {
        f"{PACKAGE}/low/a.py": "def f():\n    from . import b\n",
        f"{PACKAGE}/low/b.py": "from .c import x\n",
        f"{PACKAGE}/low/c.py": "from .a import f\n",
    }
    assert set(circle(imports(modules))) == {"low/a", "low/b", "low/c"}
    modules[f"{PACKAGE}/low/c.py"] = ""
    assert circle(imports(modules)) == []


def test_absolute_import_is_found() -> None:
    modules = {
        "a.py": "import mail_autoconfig.cli\n",
        "b.py": "def f():\n    from mail_autoconfig import cli\n",
        "c.py": "from . import cli  # mail_autoconfig\n",
    }
    assert absolute(modules) == {"a.py", "b.py"}


def test_second_place_that_names_the_program_is_found() -> None:
    collection = "ansible_collections.mailhost.autoconfig"
    texts = {
        "a.py": f"from {collection}.src.mail_autoconfig import cli\n",
        "b.py": f"from {collection} import src\n",
        "c.py": "from ...src.mail_autoconfig import cli\n",
        "d.py": f"from {collection}.plugins.plugin_utils import program\n",
    }
    assert names_the_program(texts) == {"a.py", "b.py", "c.py"}


def test_layers_are_read_from_the_table() -> None:
    table = "| package | |\n|---|---|\n| `b`, `c` | x |\n| `a` | `b` |\n"
    page = f"| `x` | |\n## Layers\n\n{table}\n## Next\n\n| `d` | |\n"
    assert layers(page) == {"a": 1, "b": 2, "c": 2}


def test_questions_are_read_from_the_table() -> None:
    (row,) = answers("| question | file |\n|---|---|\n| Where is it? | `a/b.py`: `f` |\n")
    assert (row["path"], row["symbol"]) == ("a/b.py", "f")
