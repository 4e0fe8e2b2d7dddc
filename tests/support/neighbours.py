"""The server of molecule/neighbours: the sites of others, and what is theirs on the disk.

``python -m support.neighbours CONTAINER`` keeps how all of it is, before the roles come.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from support.deployed import ROOT, Server

SCENARIO = ROOT / "molecule/neighbours"
INVENTORY = SCENARIO / "inventory/hosts.yml"
KEPT = ROOT / ".cache/lab/neighbours/before.json"
ADDRESS = "198.18.47.13"
SERVER = Server("13", "neighbours")

State = dict[str, str]
"""Kind, mode and content of each path; or the answer of each site."""

THEIRS = "/etc/nginx", "/etc/letsencrypt", "/etc/systemd", "/etc/ssl/private", "/etc/cron.d"
"""All below is compared, but for what has our name, and the directories of systemd's links."""
FILES = (
    "cd / && find {theirs} -name '*mail-autoconfig*' -prune -o ! -name '*.wants'"
    " -printf '%p\\t%y %m %u %g %l\\n'"
    " 2>/dev/null; find {theirs} -name '*mail-autoconfig*' -prune -o -type f -print0 2>/dev/null"
    " | xargs -0 sha256sum | sed -E 's|^([0-9a-f]+)  (.*)|content of \\2\\t\\1|'"
)

Site = tuple[str, int, str, str]
SITES: list[Site] = [
    ("127.0.0.1", 80, "blog.theirs.test", "/"),
    ("127.0.0.1", 443, "blog.theirs.test", "/"),
    ("127.0.0.1", 443, "unknown.test", "/"),
    ("127.0.0.1", 443, "", "/"),
    (ADDRESS, 80, "shop.theirs.test", "/"),
    (ADDRESS, 80, "unknown.test", "/"),
    (ADDRESS, 443, "shop.theirs.test", "/"),
    (ADDRESS, 443, "shop12.theirs.test", "/members"),
    (ADDRESS, 443, "unknown.test", "/"),
]
"""Each site of theirs: address, port, name, path."""
ASK = r"""
import json, socket, ssl, sys
def ask(address, port, name, path):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    said = ""
    try:
        wire = socket.create_connection((address, port), 10)
        if port == 443:
            with context.wrap_socket(wire, server_hostname=name or None) as tls:
                said = f"{tls.version()} {tls.selected_alpn_protocol()}\n"
            context.set_alpn_protocols(["http/1.1"])
            wire = socket.create_connection((address, port), 10)
            wire = context.wrap_socket(wire, server_hostname=name or None)
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        while more := wire.recv(65536):
            said += more.decode()
    except OSError as error:
        said += type(error).__name__
    varies = "date:", "expires:", "set-cookie:"
    return "\n".join(line for line in said.splitlines() if not line.lower().startswith(varies))
for site in json.loads(sys.argv[1]):
    print(json.dumps([" ".join(map(str, site)), ask(*site)]))
"""


def files(server: Server) -> State:
    """Kind, mode, owner, link and content of each file that is not ours, by path."""
    printed = server.run("sh -c %s", FILES.format(theirs=" ".join(THEIRS)))
    return dict(sorted(line.split("\t", 1) for line in printed.splitlines()))


def ask(server: Server, sites: Iterable[Site] = SITES) -> State:
    """What each site answers, without what differs from one second to the next."""
    printed = server.run("python3 -c %s %s", ASK, json.dumps([*sites]))
    return dict(json.loads(line) for line in printed.splitlines())


def state(server: Server) -> State:
    """All that is theirs."""
    return files(server) | ask(server)


def differences(server: Server) -> dict[str, tuple[str | None, str | None]]:
    """What is no longer as it was before the roles came: before, and now."""
    before, now = json.loads(KEPT.read_text()), state(server)
    return {
        key: (before.get(key), now.get(key))
        for key in sorted({*before, *now})
        if before.get(key) != now.get(key)
    }


if __name__ == "__main__":
    assert sys.argv[1:] == [SERVER.name]
    Path(KEPT).parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(state(SERVER), indent=1))
