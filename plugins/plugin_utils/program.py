# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the program ``mail-autoconfig`` is in the collection. All plugins have it from here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

COLLECTION = Path(__file__).parents[2]
SOURCE = COLLECTION / "src/mail_autoconfig"


def load(module: str = "") -> ModuleType:
    """Return a module of the program, such as ``inventory.read``; without a name, the package.

    Raises ImportError where the module needs a library that the controller does not have.
    """
    package = f"ansible_collections.mailhost.autoconfig.src.{SOURCE.name}"
    return import_module(f"{package}.{module}" if module else package)
