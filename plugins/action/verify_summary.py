# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sum up what was found on all hosts of a play: the last lines of a run."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load

SUMMARY = load("verify.summary")
ARGUMENTS = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "answers": {"type": "str", "required": True},
    "reports": {"type": "str", "required": True},
    "rehearsal": {"type": "bool", "default": False},
    "left_out_fails": {"type": "bool", "default": True},
    "only_failure": {"type": "bool", "default": False},
}


def host(name: str, answers: Mapping[str, Any], report: Mapping[str, Any]) -> Any:
    """What was found on a host, from the results of two tasks."""
    try:
        found = json.loads(answers.get("stdout", ""))
    except ValueError:
        said = answers.get("stderr") or answers.get("msg") or "no answer"
        return SUMMARY.Host(name, problem=f"not asked: {str(said).strip()}")
    try:
        read = json.loads(base64.b64decode(report.get("content", "")))
    except ValueError:  # there is none: no authority was asked on this host
        read = {}
    return SUMMARY.Host(name, found, read)


def _at(name: str, answers: Mapping[str, Any], asked: Sequence[Any]) -> str:
    """The name of a host, with the address where it was asked at several."""
    return f"{name} at {answers['item']}" if len(asked) > 1 else name


class ActionModule(ActionBase):
    """Compute on the controller."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the lines; fail where the run fails."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        known = (task_vars or {}).get("hostvars", {})
        hosts = [
            host(_at(name, answers, asked), answers, known[name].get(arguments["reports"], {}))
            for name in arguments["hosts"]
            for asked in [known[name].get(arguments["answers"], {}).get("results", ())]
            for answers in asked
            # Not so where nothing was asked: where the role was left out, as by a tag.
            if "rc" in answers
        ]
        if not hosts or self._task.check_mode:
            return {"changed": False, "skipped": True, "skip_reason": "no host was asked"}
        summary = SUMMARY.summarise(
            hosts,
            rehearsal=arguments["rehearsal"],
            left_out_fails=arguments["left_out_fails"],
        )
        shown = summary.failed or not arguments["only_failure"]
        result: dict[str, Any] = {"changed": False, "failed": summary.failed}
        if shown:
            result |= {"summary": summary.lines, "_ansible_verbose_always": True}
        if summary.failed:
            # Ansible shows this one twice.
            result["msg"], result["summary"] = summary.lines[0], summary.lines[1:]
        return result
