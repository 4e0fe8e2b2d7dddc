"""The answers' templates."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

_environment = Environment(
    autoescape=True,
    loader=FunctionLoader(lambda name: files(__package__).joinpath(name).read_text("utf-8")),
    lstrip_blocks=True,
    trim_blocks=True,
    undefined=StrictUndefined,
)


def template(name: str) -> Template:
    """Compile a template of this package; it is read from the zipapp too. It escapes by itself."""
    return _environment.get_template(name)
