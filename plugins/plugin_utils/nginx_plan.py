# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where our servers find their place beside the other sites of an nginx, or why there is none.

nginx opens the sockets of a new configuration while it has the old ones. So it can't take a whole
port while it has it at single addresses, and `nginx -t` does not notice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.nginx_dump import (
    Directive,
    pattern_of,
    read,
)
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.nginx_listens import (
    DUAL,
    SITE,
    WILDCARDS,
    Listen,
    Socket,
    family,
    is_loopback,
    listens,
)

# nginx refuses a name that does not fit its hash bucket (64 bytes, of which 16 are nginx's own).
_OWN_BYTES = 16
_BUCKETS = (46, 64), (110, 128), (255, 512)
_DEFAULT_BUCKET = 64
_DEFAULT_NAMES = 250
"""So many names fit nginx's own server_names_hash_max_size, 512."""
_ELSEWHERE = "let it listen elsewhere"
_DEBIAN: dict[str, Any] = {
    "directory": "/etc/nginx/sites-enabled",
    "group": "www-data",
    "user": "www-data",
    "error_log": "/var/log/nginx/error.log",
}


class RefusedError(Exception):
    """Our servers have no place there; the text says why, and what to do."""


def plan(
    dump: str,
    wanted: Sequence[Mapping[str, Any]],
    names: Collection[str],
    mine: Sequence[Socket],
    otherwise: str,
    to_come: int = 0,
) -> tuple[dict[str, Any], list[str]]:
    """Return what the role nginx needs to know of an nginx, and a line for each problem.

    :arg dump: what ``nginx -T`` printed; empty where there is no nginx yet
    :arg wanted: of each port of ours ``at``, ``tls`` and ``proxy`` (the PROXY protocol)
    :arg names: all names of ours
    :arg mine: the sockets that this nginx has open
    :arg otherwise: what to do where a port can't be had
    :arg to_come: how many names, of whatever length, may come without a play
    """
    tree = read(dump)
    http = [each for context in tree if context.name == "http" for each in context.block or ()]
    found: dict[str, Any] = dict(_DEBIAN) if not tree else _main(tree)
    problems: list[str] = []
    if tree:
        try:
            found["directory"] = _directory(http, PurePosixPath(tree[0].file).parent)
        except RefusedError as error:
            problems.append(str(error))
    theirs = listens(tree)
    found["listens"] = []
    for each in wanted:
        try:
            found["listens"] += [dict(each) | at for at in _places(each, theirs, mine)]
        except RefusedError as error:
            problems.append(f"{error}, {otherwise}")
    found |= _hash_sizes(http, names, to_come, problems)
    return found, problems


def _main(tree: Sequence[Directive]) -> dict[str, str]:
    users = [each.arguments for each in tree if each.name == "user" and each.arguments]
    logs = [each.arguments[0] for each in tree if each.name == "error_log" and each.arguments]
    user = users[0] if users else ("nobody", "nogroup")
    files = [log for log in logs if not log.startswith(("syslog:", "memory:", "stderr"))]
    return {
        "user": user[0],
        "group": user[-1],
        "error_log": files[0] if files else "" if logs else _DEBIAN["error_log"],
    }


def _directory(http: Sequence[Directive], directory: PurePosixPath) -> str:
    """Return the directory where our file is, or would be included last. Raises RefusedError."""
    for each in http:
        if each.file.endswith(f"/{SITE}"):
            return str(PurePosixPath(each.file).parent)
    patterns = [
        PurePosixPath(pattern_of(each, directory)) for each in http if each.name == "include"
    ]
    fits = [each for each in patterns if PurePosixPath(SITE).match(each.name)]
    whole = [str(each.parent) for each in fits if not set("*?[").intersection(str(each.parent))]
    if not whole:
        raise RefusedError(
            f"{directory}/nginx.conf includes no directory of sites; "
            "write include /etc/nginx/conf.d/*.conf; into its http block"
        )
    return whole[-1]


def _places(
    wanted: Mapping[str, Any], theirs: Sequence[Listen], mine: Sequence[Socket]
) -> Iterator[dict[str, Any]]:
    """Yield where one port of ours is listened at. Raises RefusedError."""
    host, _colon, number = str(wanted["at"]).rpartition(":")
    if not number.isdecimal():
        raise RefusedError(f"{wanted['at']} is no address and port, such as 127.0.0.1:8080")
    port = int(number)
    there = [each for each in theirs if each.first <= port <= each.last]
    for each in there:
        if each.kind != "http" and (not host or each.address in ("*", host)):
            raise RefusedError(
                f"nginx's {each.kind} has {each.at(port)} ({each.where}); {_ELSEWHERE}"
            )
    open_ = [each for each in mine if each.port == port]
    if host:
        places = [host]
    else:
        places = [*_addresses(4, port, there, open_), *_addresses(6, port, there, open_)]
    at = {address: [each for each in there if each.address == address] for address in places}
    shared = [address for address in places if _fits(wanted, port, at[address])]
    for address in shared:
        same = at[address]
        yield {
            "at": str(port) if address == "*" else f"{address}:{port}",
            "address": address,
            "port": port,
            "http2": not same or any("http2" in each.words for each in same),
            "ask": _asked_at(address, shared, there),
        }


def _addresses(
    version: int, port: int, theirs: Sequence[Listen], mine: Sequence[Socket]
) -> list[str]:
    """Return where in a family a reload can give us a port. Raises RefusedError."""
    wildcard = WILDCARDS[version]
    same = [each for each in theirs if family(each.address) == version]
    single = list(dict.fromkeys(each.address for each in same if not each.is_wildcard))
    if version == 4 and any(each.is_dual for each in theirs):
        return single
    opened = [each for each in mine if each.address == DUAL or family(each.address) == version]
    has_all = any(each.address in (DUAL, wildcard) for each in opened)
    alone = [each for each in same if each.binds and not each.is_wildcard]
    if not alone and (has_all or not opened):
        return [wildcard, *single]
    if alone and has_all and not any(each.is_wildcard for each in same):
        raise RefusedError(
            f"nginx has all of port {port} open, and {alone[0].where} asks for a socket of its own "
            f"at {alone[0].at(port)}, so nginx would not start again; "
            f"take its {_words(alone[0])} away"
        )
    if version == 4 and all(map(is_loopback, single)):
        places = " and ".join(single) or " and ".join(each.address for each in opened)
        line = f" ({same[0].where})" if same else ""
        raise RefusedError(
            f"nginx listens at port {port} of {places} alone{line}, and can't take more of it "
            f"while it runs; write listen {port} there and restart nginx"
        )
    return single


def _asked_at(address: str, places: Sequence[str], theirs: Sequence[Listen]) -> str:
    """Return where the host itself asks what listens at an address; "" if it can't."""
    if address not in WILDCARDS.values():
        return address.strip("[]")
    # Of 127.0.0.0/8 another address serves, where the usual one is another site's alone.
    choice = ("127.0.0.1", "127.0.0.9") if address == "*" else ("[::1]",)
    alone = {each.address for each in theirs} - {*places}
    return next((each.strip("[]") for each in choice if each not in alone), "")


def _words(listen: Listen) -> str:
    return " ".join(sorted(listen.words - {"ssl", "http2", "default_server", "proxy_protocol"}))


def _fits(wanted: Mapping[str, Any], port: int, same: Sequence[Listen]) -> bool:
    """Whether an address can be shared. One that only this host reaches may be left out."""
    for each in same:
        at = f"{each.at(port)} ({each.where})"
        if ("ssl" in each.words) != wanted["tls"]:
            spoken = "TLS" if "ssl" in each.words else "plain http"
            problem = f"another site of this nginx speaks {spoken} at {at}, ours would not"
        elif ("proxy_protocol" in each.words) != wanted["proxy"]:
            with_ = "with" if "proxy_protocol" in each.words else "without"
            problem = f"another site of this nginx is asked {with_} the PROXY protocol at {at}"
        else:
            continue
        if is_loopback(each.address):
            return False
        raise RefusedError(f"{problem}; {_ELSEWHERE}")
    return True


def _hash_sizes(
    http: Sequence[Directive], names: Collection[str], to_come: int, problems: list[str]
) -> dict[str, int]:
    """Return what to write of the hash of names: each may be in nginx's configuration once.

    Also the longest name that fits then: of those that come later, longer ones are left out.
    """
    theirs = {
        each.name.removeprefix("server_names_hash_"): each
        for each in http
        if each.name.startswith("server_names_hash_") and not each.file.endswith(f"/{SITE}")
    }
    longest = max(map(len, names), default=0)
    bucket = next(size for length, size in _BUCKETS if longest <= length)
    has = theirs.get("bucket_size")
    if has and _number(has) < bucket:
        problems.append(
            f"server_names_hash_bucket_size {_number(has)} of nginx is too small for our longest "
            f"name ({longest} characters); raise it to {bucket} ({has.where})"
        )
    if to_come:
        bucket = _BUCKETS[-1][-1]
    count = len(names) + to_come
    size = count * 4 if count > _DEFAULT_NAMES else 0
    room = (_number(has) if has else bucket) - _OWN_BYTES
    in_eights = room // 8 * 8  # a name with its length, which takes two bytes
    return {
        "bucket_size": 0 if has or bucket == _DEFAULT_BUCKET else bucket,
        "hash_size": 0 if "max_size" in theirs else size,
        "longest": in_eights - 2,
    }


def _number(directive: Directive) -> int:
    digits = (directive.arguments or ("",))[0]
    factor = {"k": 1024, "m": 1024 * 1024}.get(digits[-1:].lower(), 1)
    return int(digits.rstrip("kKmM") or 0) * factor
