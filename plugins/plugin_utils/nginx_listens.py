# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the sites of an nginx listen, and which sockets are open on the host."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.nginx_dump import Directive

SITE = "zz-mail-autoconfig.conf"
"""Our own file."""
OURS = f"/{SITE}", "/mail-autoconfig/names/nginx.conf"
"""How the paths of our files end, also of the one that the program writes for sources."""
DUAL = "dual"
"""The address of a socket that takes IPv4 and IPv6."""
WILDCARDS = {4: "*", 6: "[::]"}
_ALL = {"0.0.0.0": "*", "[::0]": "[::]"}  # noqa: S104
_SHOWN = {"0.0.0.0": "*", "*": DUAL}  # noqa: S104
_PORTS = r"(\d+)(?:-(\d+))?"
_LISTEN = re.compile(rf"(?:{_PORTS}|(\[[^\]]*\]|[^:]+)(?::{_PORTS})?)")
_SOCKET = re.compile(r"^LISTEN\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+[ \t]*(.*)$", re.MULTILINE)
_CGROUP = re.compile(r"\bcgroup:(/\S+)")
_PROGRAM = re.compile(r'\("([^"]*)",pid=(\d+)')
# With one of these, an address gets a socket of its own beside the port's wildcard.
_BINDS = {"accept_filter", "backlog", "bind", "deferred", "fastopen", "ipv6only", "rcvbuf"}
_BINDS |= {"reuseport", "setfib", "sndbuf", "so_keepalive"}


def family(address: str) -> int:
    """Return 4 or 6."""
    return 6 if address.startswith("[") else 4


def is_loopback(address: str) -> bool:
    """Whether nobody else reaches this address."""
    return address.startswith("127.") or address in ("localhost", "[::1]")


@dataclass(frozen=True)
class Listen:
    """One `listen`: in a server of http, stream or mail, for TCP."""

    kind: str
    address: str
    first: int
    last: int
    words: frozenset[str]
    where: str

    @property
    def is_wildcard(self) -> bool:
        """Whether it is for all addresses of its family."""
        return self.address in WILDCARDS.values()

    @property
    def is_dual(self) -> bool:
        """Whether its socket takes IPv4 too."""
        return self.address == "[::]" and "ipv6only=off" in self.words

    @property
    def binds(self) -> bool:
        """Whether it asks for a socket of its own."""
        return any(word.partition("=")[0] in _BINDS for word in self.words)

    def at(self, port: int) -> str:
        """Address and port, as people write them."""
        return f"port {port}" if self.address == "*" else f"{self.address}:{port}"


@dataclass(frozen=True)
class Socket:
    """A socket that listens, and who has it: names and process ids, if the kernel tells.

    It hides those of a process that gave up its rights, such as HAProxy's, from the root of a
    container; the control group that made the socket is shown all the same.
    """

    address: str
    port: int
    holders: tuple[tuple[str, int], ...]
    control_group: str = ""

    def belongs_to(self, processes: Collection[int], control_group: str = "") -> bool:
        """Whether it is these processes' alone, or of this control group where none is shown.

        A holder that is not shown in either way is another program.
        """
        if not self.holders:
            return bool(control_group) and control_group == self.control_group
        return all(pid in processes for _name, pid in self.holders)

    def is_in_the_way_of(self, address: str) -> bool:
        """Whether nobody else can listen at the same port of this address."""
        if self.address == DUAL:
            return True
        if family(address) != family(self.address):
            return False
        return address == self.address or {address, self.address} & {*WILDCARDS.values()} != set()


def listens(tree: Sequence[Directive]) -> list[Listen]:
    """Return what all servers but ours listen at."""
    found: list[Listen] = []
    for kind in ("http", "stream", "mail"):
        for context in (each for each in tree if each.name == kind):
            for server in context.block or ():
                if server.name == "server" and not server.file.endswith(OURS):
                    found += _of_server(kind, server)
    return found


def sockets(printed: str) -> list[Socket]:
    """Read what ``ss --no-header --listening --numeric --tcp --processes --extended`` printed."""
    return [
        Socket(
            _SHOWN.get(address) or re.sub(r"%[^\]]*", "", address),
            int(port),
            tuple((name, int(pid)) for name, pid in _PROGRAM.findall(more)),
            "".join(_CGROUP.findall(more)),
        )
        for address, port, more in _SOCKET.findall(printed)
    ]


def _of_server(kind: str, server: Directive) -> Iterator[Listen]:
    block = server.block or ()
    old_tls = any(each.name == "ssl" and each.arguments == ("on",) for each in block)
    written = [each for each in block if each.name == "listen" and each.arguments]
    if kind == "http" and not any(each.name == "listen" for each in block):
        written = [Directive("listen", ("80",), server.where)]
    for each in written:
        place, *words = each.arguments
        match = _LISTEN.fullmatch(place)
        if place.startswith("unix:") or {"udp", "quic"}.intersection(words) or not match:
            continue
        alone, alone_last, host, port, port_last = match.groups()
        first = alone or port or "80"
        address = _ALL.get(host, host) if host else "*"
        flags = frozenset([*words, *(["ssl"] if old_tls else [])])
        last = int(alone_last or port_last or first)
        yield Listen(kind, address, int(first), last, flags, each.where)
