# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The last line of a run in check mode."""

from __future__ import annotations

DOCUMENTATION = r"""
name: check_mode
type: notification
short_description: Say at the end of a run in check mode what would change
version_added: 0.1.0
description:
  - Prints one line after the recap of a run with C(--check). Without C(--check) it prints nothing.
  - A clone of the collection has it on. Elsewhere, name it in C(callbacks_enabled) of ansible.cfg.
requirements:
  - Enable it in C(callbacks_enabled).
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase


def line(changed: int, failed: int) -> str:
    """Return what is said, of numbers of tasks on all hosts."""
    changes = f"{changed} change{'' if changed == 1 else 's'}"
    if failed:
        return f"Check mode: {changes}, none made, up to what failed above."
    if not changed:
        return "Check mode: no changes."
    return (
        f"Check mode: {changes}, none made. What an authority says to an order can't be predicted: "
        "it asks the server, which does not answer before the changes are made."
    )


class CallbackModule(CallbackBase):
    """Prints the line."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "mailhost.autoconfig.check_mode"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Print it after the recap."""
        if context.CLIARGS.get("check"):
            failed = sum(stats.failures.values()) + sum(stats.dark.values())
            self._display.display(line(sum(stats.changed.values()), failed))
