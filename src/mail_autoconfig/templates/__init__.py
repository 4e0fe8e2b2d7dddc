"""The answers' templates."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template


def source(name: str) -> str:
    """The text of a file of this package; it is read from the zipapp too."""
    return files(__package__).joinpath(name).read_text("utf-8")


_environment = Environment(
    autoescape=True,
    loader=FunctionLoader(source),
    lstrip_blocks=True,
    trim_blocks=True,
    undefined=StrictUndefined,
)


def template(name: str) -> Template:
    """Compile a template of this package. It escapes by itself."""
    return _environment.get_template(name)
