"""Show what each client gets from the demo's server: ``ask.py ADDRESS…``.

Each question is printed as a line for curl, then asked, from the standard library alone.
"""

import http.client
import os
import shlex
import socket
import ssl
import sys
from pathlib import Path

CA = Path(".demo/ca.pem")
HTTPS_PORT = int(os.environ.get("DEMO_HTTPS_PORT", "8443"))
HTTP_PORT = int(os.environ.get("DEMO_HTTP_PORT", "8080"))
REQUEST = (
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/'
    'requestschema/2006"><Request><EMailAddress>{address}</EMailAddress>'
    "<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/"
    "responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>"
)


def ask(scheme: str, host: str, path: str, body: str | None = None) -> tuple[int, str]:
    """Ask ``scheme://host/path``, by POST if there is a body; print all, return status and body.

    Raises OSError when the server does not answer or its certificate is not of the demo's CA.
    """
    standard, port = (443, HTTPS_PORT) if scheme == "https" else (80, HTTP_PORT)
    curl = ["curl", "--include", "--connect-to", f"{host}:{standard}:127.0.0.1:{port}"]
    headers = {"Host": host}
    stream = socket.create_connection(("127.0.0.1", port), timeout=30)
    if scheme == "https":
        curl += ["--cacert", str(CA)]
        trust = ssl.create_default_context(cafile=CA)
        stream = trust.wrap_socket(stream, server_hostname=host)
    if body is not None:
        headers["Content-Type"] = "text/xml; charset=utf-8"
        curl += ["--header", f"Content-Type: {headers['Content-Type']}", "--data", body]
    print(f"\n$ {shlex.join([*curl, f'{scheme}://{host}{path}'])}")

    connection = http.client.HTTPConnection(host)
    connection.sock = stream
    connection.request("GET" if body is None else "POST", path, body, headers)
    response = connection.getresponse()
    print(f"{response.status} {response.reason}")
    if location := response.getheader("Location"):
        print(f"Location: {location}")
    answer = response.read().decode()
    print(answer)
    connection.close()
    return response.status, answer


def main() -> int:
    """Ask for each address as Outlook and as Thunderbird do; 1 when an answer is not right."""
    right = True
    pox, config = "/autodiscover/autodiscover.xml", "/mail/config-v1.1.xml?emailaddress="
    for address in sys.argv[1:]:
        domain = address.partition("@")[2]
        print(f"\n--- Outlook, {address}")
        body = REQUEST.format(address=address)
        status, answer = ask("https", f"autodiscover.{domain}", pox, body)
        right &= status == 200 and "<Protocol>" in answer  # an error is a 200 too
        right &= ask("http", f"autodiscover.{domain}", pox)[0] == 302
        print(f"\n--- Thunderbird, {address}")
        right &= ask("https", f"autoconfig.{domain}", config + address)[0] == 200
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
