from __future__ import annotations

import importlib
from types import ModuleType

import pytest

import mail_autoconfig


def program() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program"
    )


def test_the_program_is_in_the_collection() -> None:
    assert (program().COLLECTION / "requirements-dns.txt").is_file()
    assert (program().SOURCE / "cli.py").is_file()


def test_load() -> None:
    assert program().load().__version__ == mail_autoconfig.__version__
    assert callable(program().load("inventory.read").parse)
    with pytest.raises(ImportError, match="nowhere"):
        program().load("nowhere")
