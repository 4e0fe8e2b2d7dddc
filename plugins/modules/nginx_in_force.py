#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: nginx_in_force
short_description: Bring a configuration of nginx into force, and prove it
version_added: 0.1.0
description:
  - Starts nginx where it does not run. Reloads it where it is told to, and where O(loaded) has
    another digest than O(file), as after a run that was broken off. Tests it before.
  - A reload that fails says so in nginx's error log alone, and the old configuration goes on.
  - This module asks nginx at each address for the digest in O(file), until all answers have it.
    Then it keeps in O(loaded) which file nginx has loaded.
options:
  file:
    description: nginx's file with our servers; it contains the digest that they answer with.
    type: path
    required: true
  loaded:
    description: Has the digest and the path of the file that nginx has loaded, as of C(sha256sum).
    type: path
    required: true
  backups:
    description: Old files, which are removed once the new ones are in force.
    type: list
    elements: path
    default: []
  named:
    description: A further file of nginx with servers of ours; a name in it is no other site's.
    type: path
    default: ""
  path:
    description: Where the servers answer with the digest.
    type: str
    required: true
  listens:
    description: Where the servers listen, as M(mailhost.autoconfig.preflight) returns it.
    type: list
    elements: dict
    required: true
  names:
    description: Names to ask for over http.
    type: list
    elements: str
    required: true
  tls_names:
    description: Names to ask for over TLS.
    type: list
    elements: str
    required: true
  error_log:
    description: nginx's error log, which has the cause where the digest does not come.
    type: str
    default: ""
  reload:
    description: Whether something is new. Then another site with one of our names is an error too.
    type: bool
    default: false
  timeout:
    description: Seconds until the answers must have the digest.
    type: int
    default: 15
attributes:
  check_mode:
    description: Says whether nginx would be started or reloaded, and asks nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  platform:
    description: Any with systemd.
    support: full
    platforms: posix
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Reload nginx, and prove that its new configuration is in force
  mailhost.autoconfig.nginx_in_force:
    file: /etc/nginx/sites-available/zz-mail-autoconfig.conf
    loaded: /etc/mail-autoconfig/nginx.sha256
    path: /.well-known/mail-autoconfig-in-force
    listens: "{{ __autoconfig.nginx.listens }}"
    names: [autoconfig.example.com]
    tls_names: [autoconfig.example.com]
    reload: true
"""

RETURN = r""" # """

import os
import re
import time
from pathlib import Path
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.nginx_answers import questions, unproven
from ..module_utils.nginx_loaded import digest_line, is_loaded, refused


def new_errors(path: str, offset: int) -> List[str]:
    """Return what nginx could not do, from what its log has more than ``offset`` bytes."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    found = [line.partition("[emerg] ")[2] for line in lines if "[emerg]" in line]
    said = [re.sub(r"^\d+#\d+: ", "", line) for line in found]
    return [line for line in said if "still could not bind" not in line]


def size(path: str) -> int:
    """Return the length of a file; 0 if there is none."""
    return os.path.getsize(path) if os.path.exists(path) else 0


def unproven_because(parameters: Dict[str, Any], text: str, offset: int) -> str:
    """Return why nginx does not answer by the file with this text; nothing if it does.

    :arg offset: the length of nginx's log before
    """
    digest = next(iter(re.findall(r'return 200 "([0-9a-f]{64})";', text)), "none")
    until = time.monotonic() + parameters["timeout"]
    left = unproven(questions(parameters), parameters["path"], digest, until)
    if not left:
        return ""
    question, said = left[0]
    scheme = "https" if question.tls else "http"
    where = f"{scheme}://{question.name} at {question.address} port {question.port}: {said}"
    causes = new_errors(parameters["error_log"], offset)
    return f"{causes[0]} ({where})" if causes else where


def text_of(path: str) -> str:
    """Return what is in a file; nothing if there is none."""
    return Path(path).read_text("utf-8") if os.path.exists(path) else ""


def runs(module: AnsibleModule) -> bool:
    """Say whether nginx runs, and will after the next boot."""
    return not any(
        module.run_command(["systemctl", question, "--quiet", "nginx.service"])[0]
        for question in ("is-active", "is-enabled")
    )


def step(module: AnsibleModule, *command: str) -> str:
    """Run a command; return what it says, or fail with it."""
    code, out, said = module.run_command([*command])
    if code:
        lines = (said or out).strip().splitlines() or [" ".join(command)]
        module.fail_json(msg=next((line for line in lines if "[emerg]" in line), lines[0]))
    return str(said)


def renew(module: AnsibleModule, started: bool, text: str) -> None:
    """Test the configuration; start or reload nginx. Fail where that can't be."""
    said = step(module, "/usr/sbin/nginx", "-t")
    if module.params["reload"]:
        why = refused(said, text, text_of(module.params["named"]))
        if why:
            module.fail_json(msg=why)
    if started:
        step(module, "systemctl", "reload", "nginx.service")
    else:
        step(module, "systemctl", "enable", "--now", "nginx.service")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "file": {"type": "path", "required": True},
            "loaded": {"type": "path", "required": True},
            "backups": {"type": "list", "elements": "path", "default": []},
            "named": {"type": "path", "default": ""},
            "path": {"type": "str", "required": True},
            "listens": {"type": "list", "elements": "dict", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
            "tls_names": {"type": "list", "elements": "str", "required": True},
            "error_log": {"type": "str", "default": ""},
            "reload": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 15},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    started = runs(module)
    new = parameters["reload"] or not is_loaded(parameters["file"], parameters["loaded"])
    changed = new or not started
    if module.check_mode:
        module.exit_json(changed=changed)
    text = text_of(parameters["file"])
    offset = size(parameters["error_log"])
    if changed:
        renew(module, started, text)
    problem = unproven_because(parameters, text, offset)
    if problem:
        module.fail_json(msg=problem)
    if new:
        with open(os.path.join(module.tmpdir, "loaded"), "w", encoding="utf-8") as file:
            file.write(digest_line(parameters["file"]))
        module.atomic_move(file.name, parameters["loaded"])
    for backup in parameters["backups"]:
        os.unlink(backup)
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
