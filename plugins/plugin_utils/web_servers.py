# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a web server of ours finds its ports free, and its configuration in order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.nginx_listens import (
    SITE,
    WILDCARDS,
    Socket,
    sockets,
)
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.nginx_plan import plan

Found = tuple[dict[str, Any], list[str]]


def check(
    servers: Sequence[Mapping[str, Any]],
    seen: Sequence[Mapping[str, Any]],
    listeners: str,
    names: Collection[str],
    to_come: int = 0,
) -> Found:
    """Return what the roles need to know of each web server, by its name, and the problems.

    :arg servers: ``__nginx_server``, ``__haproxy_server``
    :arg seen: of each, in the same order, what the module ``preflight_host`` returns
    :arg listeners: the sockets at which programs listen, as that module returns them
    :arg names: the host names that are served
    :arg to_come: how many more nginx may get without a play
    """
    open_ = sockets(listeners)
    found: dict[str, Any] = {}
    problems: list[str] = []
    for server, result in zip(servers, seen, strict=True):
        if result.get("rc"):
            problems.append(_refused(server["name"], result["stderr_lines"] or [""]))
        own = set(result["processes"])
        mine = [each for each in open_ if each.belongs_to(own, result["group"])]
        if "listens" in server:
            dump = result.get("stdout") or ""
            of_it, lines = plan(dump, server["listens"], names, mine, server["otherwise"], to_come)
            found[server["name"]] = of_it
            # Where nginx itself can't have a port, who else has it is not the question.
            problems += lines
            places = [(each["address"], each["port"]) for each in of_it["listens"]]
        else:
            both = WILDCARDS.values()
            places = [(address, int(port)) for port in server["ports"] for address in both]
        problems += taken(server, places, [each for each in open_ if each not in mine])
    return found, problems


def taken(
    server: Mapping[str, Any], places: Collection[tuple[str, int]], others: Collection[Socket]
) -> Iterator[str]:
    """Say which sockets of other programs are in the way."""
    there = [
        each
        for each in others
        if any(port == each.port and each.is_in_the_way_of(address) for address, port in places)
    ]
    if there:
        numbers = " and ".join(map(str, sorted({each.port for each in there})))
        programs = " and ".join(dict.fromkeys(_holder(each, server) for each in there))
        ports_are = f"Ports {numbers} are" if " " in numbers else f"Port {numbers} is"
        yield f"{ports_are} taken by {programs}; {server['cure']}"


def _holder(socket: Socket, server: Mapping[str, Any]) -> str:
    if not socket.holders:
        return "a program that is not shown (in a container?)"
    name, pid = socket.holders[-1]
    return (
        f"another {name} than {server['unit']} (process {pid})" if name == server["name"] else name
    )


def _refused(name: str, lines: Sequence[str]) -> str:
    said = next((line for line in lines if "[emerg]" in line), lines[0])
    remedy = "mend that first"
    if SITE in said:
        remedy = f"take what is new there out, or {SITE} for the moment, and run again"
    return (
        f"{name} refuses its present configuration, before anything was changed: {said}; {remedy}"
    )
