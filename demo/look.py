"""End `make demo`: ask as each client asks, and say what to look at: ``look.py ADDRESS…``.

The doctor's report comes first, then a line for each client, then the page for people, asked as a
browser on this machine asks. Needs the standard library alone, and `mail-autoconfig` in PATH.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOTS = Path(".demo/roots.pem")
REPORT = Path(".demo/doctor.json")
HTML = Path(".demo/doctor.html")
NAME_SERVER = "198.18.10.2"
PAGE_PORT = int(os.environ.get("DEMO_PAGE_PORT", "8088"))
ERRORS = 2  # the doctor's exit code
ENDED = "windows-mail"  # Mail of Windows 10, in 2024
WORDS = {
    "found": "finds",
    "log-in": "finds, after a log-in,",
    "asks": "finds, after a question,",
    "fails": "finds nothing",
}


def examine(addresses: Sequence[str]) -> int:
    """Print the doctor's report, and keep it as JSON and as HTML; return its exit code."""
    command = ["mail-autoconfig", "doctor", "--allow-private", "--ca", str(ROOTS)]
    command += ["--name-server", NAME_SERVER, "--keep", str(REPORT), "--html", str(HTML)]
    return subprocess.run([*command, *addresses], check=False).returncode


def client_line(client: Mapping[str, Any]) -> str:
    """What one client ends with: its name, whether it asks first, and its servers."""
    settings = client["settings"]
    first = {each["type"]: f"{each['type']} {each['host']}:{each['port']}" for each in settings}
    servers = [first[kind] for kind in ("imap", "smtp") if kind in first]
    return f"  {client['title']} {WORDS[client['verdict']]} {', '.join(servers)}".rstrip()


def summary(report: Mapping[str, Any]) -> str:
    """The clients of each domain, a line each."""
    blocks = (
        "\n".join(
            [each["address"], *(client_line(c) for c in each["clients"] if c["client"] != ENDED)]
        )
        for each in report["domains"]
    )
    return "\n\n".join(blocks)


def page(address: str) -> bool:
    """Whether the page and the settings that it shows for an address come, as to a browser."""
    ask = http.client.HTTPConnection("localhost", PAGE_PORT, timeout=30)
    ask.request("GET", "/")
    empty = ask.getresponse()
    shown = empty.read()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    ask.request("POST", "/settings", urlencode({"email": address}), form)
    settings = ask.getresponse()
    found = address.encode() in settings.read()
    ask.close()
    return empty.status == settings.status == 200 and b"<form" in shown and found


def what_to_look_at(address: str) -> str:
    """The last lines of `make demo`."""
    return f"""
The page for people, in a browser on this machine; type {address}:

    http://localhost:{PAGE_PORT}/

The doctor's report above, as a page: {HTML.resolve().as_uri()}
Each answer as the client gets it:    make demo-xml
Remove the demo:                      make demo-down"""


def main() -> int:
    """Return 1 where the doctor finds an error, or the page does not answer."""
    addresses = sys.argv[1:]
    right = examine(addresses) != ERRORS
    print(f"\n{summary(json.loads(REPORT.read_text('utf-8')))}")
    if not page(addresses[0]):
        print(f"http://localhost:{PAGE_PORT}/ does not show the page", file=sys.stderr)
        return 1
    print(what_to_look_at(addresses[0]))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
