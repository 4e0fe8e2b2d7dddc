# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What nginx answers to its own host."""

from __future__ import annotations

import functools
import socket
import ssl
import time
from pathlib import Path
from typing import Any, NamedTuple

STEP = 5.0  # seconds for each step of a question
PAUSE = 0.2  # seconds


class Question(NamedTuple):
    """Where nginx is asked, and for which name."""

    address: str
    port: int
    name: str
    tls: bool
    proxy: bool


def is_here(address: str) -> bool:
    """Return whether the host has an address of its own loopback: some have no ::1."""
    if address != "::1":
        return bool(address)
    try:
        return f"{1:032x}" in Path("/proc/net/if_inet6").read_text("ascii")
    except OSError:
        return False


def questions(parameters: dict[str, Any]) -> list[Question]:
    """Return what is asked: each name at each place."""
    return [
        Question(each["ask"], int(each["port"]), name, each["tls"], each["proxy"])
        for each in parameters["listens"]
        if is_here(each["ask"])
        for name in parameters["tls_names" if each["tls"] else "names"]
    ]


@functools.cache
def unchecked() -> ssl.SSLContext:
    """Return what trusts each certificate; the host's authorities would take long to read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def ask(question: Question, path: str) -> str:
    """Return what the host itself gets there. Raises OSError."""
    source = (question.address, 0) if question.address[:1].isdigit() else None
    place = (question.address, question.port)
    with socket.create_connection(place, STEP, source_address=source) as wire:
        if question.proxy:
            kind = "TCP6" if ":" in question.address else "TCP4"
            ends = f"{question.address} {question.address} 1 {question.port}"
            wire.sendall(f"PROXY {kind} {ends}\r\n".encode())
        if not question.tls:
            return talk(wire, question.name, path)
        with unchecked().wrap_socket(wire, server_hostname=question.name) as secured:
            return talk(secured, question.name, path)


def talk(wire: socket.socket, name: str, path: str) -> str:
    """Send one request; return the answer. Raises OSError."""
    wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    answer = b""
    while len(answer) < 1 << 16:
        more = wire.recv(1 << 16)
        if not more:
            break
        answer += more
    return answer.decode(errors="replace")


def unproven(asked: list[Question], path: str, digest: str, until: float) -> list[tuple[Any, str]]:
    """Ask until all answers have the digest, or the time is over; return those that have not.

    Of very many, one round may take all the time; then those that are left are asked once more.
    """
    while True:
        late, left = time.monotonic() > until, []
        for question in asked:
            try:
                answer = ask(question, path)
                said = "" if digest in answer else "something else answers"
            except OSError as error:
                said = getattr(error, "strerror", "") or str(error)
            if said:
                left.append((question, said))
        if not left or late:
            return left
        asked = [question for question, said in left]
        time.sleep(PAUSE)
