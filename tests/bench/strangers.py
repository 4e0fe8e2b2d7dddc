"""What one client does to the server, and what the others see of it. Runs on the server itself.

    python3 strangers.py probe SECONDS     asks as others do; prints what came of it as JSON
    python3 strangers.py form|longest|profiles|xml|hyphen|headers  a flood, from 127.0.0.2

The standard library alone. All is bounded in count and time, and goes to 127.0.0.1.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

NAME = "autoconfig.example.test"
POX = (
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/'
    '2006"><Request><EMailAddress>user@example.test</EMailAddress><AcceptableResponseSchema>'
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
    "</AcceptableResponseSchema></Request></Autodiscover>"
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TLS = ssl._create_unverified_context()


def connect(source: str) -> ssl.SSLSocket:
    """A TLS connection from an address of this machine."""
    raw = socket.create_connection(("127.0.0.1", 443), 20, (source, 0))
    return TLS.wrap_socket(raw, server_hostname=NAME)


def ask(source: str, method: str, path: str, body: str = "", **headers: str) -> tuple[int, bytes]:
    """Send one request on a connection of its own; return status and body."""
    connection = http.client.HTTPConnection(NAME)
    connection.sock = connect(source)
    try:
        connection.request(method, path, body or None, {"Host": NAME} | headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def probe(seconds: float) -> None:
    """Ask as other clients do, 20 times a second."""
    took, failed = [], Counter[str]()
    kinds = [
        ("POST", "/autodiscover/autodiscover.xml", POX, b"<Type>IMAP</Type>"),
        ("GET", "/mail/config-v1.1.xml?emailaddress=u%40example.test", "", b"<clientConfig"),
        ("GET", "/mail/config-v1.1.xml", "", b"<clientConfig"),
        ("POST", "/settings", "email=u@example.test", b"<svg"),
    ]
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        method, path, body, text = kinds[number % len(kinds)]
        number += 1
        start = time.monotonic()
        try:
            headers = FORM if "settings" in path else {}
            status, answer = ask("127.0.0.1", method, path, body, **headers)
            if status != 200 or text not in answer:
                failed[f"{method} {path} {status}"] += 1
        except OSError as error:
            failed[f"{method} {path} {type(error).__name__}"] += 1
        took.append(time.monotonic() - start)
        time.sleep(max(0.0, 0.05 - took[-1]))
    took.sort()
    found = {"asked": len(took), "failed": failed.total(), "why": failed}
    print(json.dumps(found | {"p99": took[int(len(took) * 0.99)], "most": took[-1]}))


def flood(count: int, *request: str, **headers: str) -> None:
    """Send one request `count` times, as many at once as 150 threads do; print what came back."""

    def one(_number: int) -> str:
        try:
            status, body = ask("127.0.0.2", *request, **headers)
        except OSError as error:
            return type(error).__name__
        unsigned = status == 200 and "mobileconfig" in request[1] and body.startswith(b"<")
        return f"{status}{' unsigned' if unsigned else ''}"

    start = time.monotonic()
    with ThreadPoolExecutor(150) as pool:
        found = Counter(pool.map(one, range(count)))
    print(json.dumps({"answers": found, "seconds": round(time.monotonic() - start, 1)}))


def unfinished(count: int, seconds: float) -> None:
    """Open TLS connections that never finish their headers, and hold them."""
    held = []
    for _ in range(count):
        try:
            connection = connect("127.0.0.2")
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n".encode())
            held.append(connection)
        except OSError:
            continue
    time.sleep(seconds)
    print(json.dumps({"opened": len(held)}))


def main() -> None:
    """Do what the arguments say."""
    what, *rest = sys.argv[1:]
    longest = "a" * 64 + "@example.test"
    path = "/email.mobileconfig?email=a@example.test"
    if what == "probe":
        probe(float(rest[0]))
    elif what == "form":
        flood(600, "POST", "/settings", "email=" + "%C3%A9" * 115 + "@example.test", **FORM)
    elif what == "longest":
        flood(600, "POST", "/settings", f"email={quote(longest)}", **FORM)
    elif what == "profiles":
        flood(600, "GET", path)
    elif what == "xml":
        flood(600, "POST", "/autodiscover/autodiscover.xml", "<a>" + "<a/>" * 16000)
    elif what == "hyphen":
        flood(600, "GET", "/mail/config-v1.1.xml?emailaddress=u@-")
    else:
        unfinished(1700, 20)


if __name__ == "__main__":
    main()
