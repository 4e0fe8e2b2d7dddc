"""A real Thunderbird finds the settings on each way that it knows, and logs in with them.

What `e2e.lab.names` lets a domain's users resolve leaves one way to each of the special domains.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.lab import KEPT, PASSWORD, ROOT, SUFFIXES, Client, Network, servers

SOCKET_TYPE = {"tls": 3, "starttls": 2}  # nsMsgSocketType
PASSWORD_CLEARTEXT, OAUTH2 = 3, 10  # nsMsgAuthMethod; cleartext: as it is, inside TLS

# Domain, what Thunderbird names as the source, what the web server must have answered for it.
AUTOCONFIG = [
    pytest.param("example", "xml-from-isp-https", {"https GET autoconfig 200"}, id="name"),
    pytest.param("corp", "xml-from-isp-https", {"https GET autoconfig 200"}, id="own-servers"),
    pytest.param("apex", "xml-from-isp-https", {"https GET autoconfig 200"}, id="well-known"),
    pytest.param("plain", "xml-from-isp-http", {"http GET autoconfig 200"}, id="http"),
    pytest.param("records", "xml-from-isp-https", {"https GET autoconfig 200"}, id="MX"),
]
AUTODISCOVER = [
    pytest.param("example", "exchange-from-url1", {"https POST autodiscover 200"}, id="name"),
    pytest.param("corp", "exchange-from-url1", {"https POST autodiscover 200"}, id="own-servers"),
    pytest.param("apex", "exchange-from-url2", {"https POST autodiscover 200"}, id="domain"),
    pytest.param(
        "plain",
        "exchange-from-url3",
        {"http POST autodiscover 307", "https POST autodiscover 200"},
        id="http",
    ),
    pytest.param("records", "exchange-from-srv", {"https POST autodiscover 200"}, id="SRV"),
]
WITHOUT_AUTOCONFIG = {"mailnews.auto_config.fetchFromISP.enabled": False}


def start(network: Network, preferences: dict[str, Any]) -> Client:
    """Start a Thunderbird with a fresh profile."""
    profile = {"authorities": network.authorities(), "preferences": preferences}
    source = (ROOT / "tests/e2e/thunderbird.py").read_text()
    return Client(network, "thunderbird", ["python3", "-c", source, json.dumps(profile)])


@pytest.fixture(scope="module")
def thunderbird(network: Network) -> Iterator[Client]:
    """Thunderbird as it is installed."""
    client = start(network, {})
    yield client
    client.close()


@pytest.fixture(scope="module")
def thunderbird_without_autoconfig(network: Network) -> Iterator[Client]:
    """Thunderbird that only Autodiscover is left to."""
    client = start(network, WITHOUT_AUTOCONFIG)
    yield client
    client.close()


def check(client: Client, domain: str, source: tuple[str, str], answers: set[str]) -> None:
    """Assert that the client finds just the domain's servers, and where."""
    config = client.ask(["find", f"user.name@{domain}"])
    assert config, "Thunderbird found nothing"
    assert (config["source"], config["subSource"]) == source
    found = [config["incoming"], *config["incomingAlternatives"]]
    found += [config["outgoing"], *config["outgoingAlternatives"]]
    assert [
        (server["type"], server["hostname"], server["port"], server["socketType"])
        for server in found
    ] == [
        (kind, host, port, SOCKET_TYPE[security]) for kind, host, port, security in servers(domain)
    ]
    assert {server["username"] for server in found} == {f"user.name@{domain}"}
    assert {server["auth"] for server in found} == {PASSWORD_CLEARTEXT}
    assert answers <= client.requests


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("name", "source", "answers"), AUTOCONFIG)
def test_autoconfig(
    thunderbird: Client, name: str, suffix: str, source: str, answers: set[str]
) -> None:
    check(thunderbird, f"{name}.{suffix}", ("xml", source), answers)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("name", "source", "answers"), AUTODISCOVER)
def test_autodiscover(
    thunderbird_without_autoconfig: Client,
    name: str,
    suffix: str,
    source: str,
    answers: set[str],
) -> None:
    """Outlook's way, as far as Thunderbird goes it, leads to the same settings."""
    client = thunderbird_without_autoconfig
    check(client, f"{name}.{suffix}", ("exchange", source), answers)
    assert not [line for line in client.requests if "autoconfig" in line]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_redirected_address(thunderbird_without_autoconfig: Client, suffix: str) -> None:
    """The answer's other address is asked for, and what it gets is what counts."""
    config = thunderbird_without_autoconfig.ask(["find", f"user.name@moved.{suffix}"])
    found = [config["incoming"], config["outgoing"]]
    assert {server["username"] for server in found} == {f"user.name@corp.{suffix}"}
    assert {server["hostname"] for server in found} == {f"mail.corp.{suffix}"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_calendars_in_autodiscover(thunderbird_without_autoconfig: Client, suffix: str) -> None:
    """CalDAV and CardDAV, which eM Client reads, cost Thunderbird none of the mail servers."""
    client = thunderbird_without_autoconfig
    config = client.ask(["find", f"user.name@groupware.{suffix}"])
    found = [config["incoming"], *config["incomingAlternatives"]]
    found += [config["outgoing"], *config["outgoingAlternatives"]]
    host = f"groupware.{suffix}"
    assert [(server["type"], server["hostname"], server["port"]) for server in found] == [
        ("imap", host, 993),
        ("smtp", host, 587),
    ]
    assert "https POST autodiscover 200" in client.requests


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_exchange(thunderbird: Client, thunderbird_without_autoconfig: Client, suffix: str) -> None:
    """Microsoft's servers by OAuth2; what sends Outlook to Microsoft sends nobody to IMAP."""
    config = thunderbird.ask(["find", f"user.name@exchange.{suffix}"])
    found = [config["incoming"], config["outgoing"]]
    assert [(server["hostname"], server["auth"]) for server in found] == [
        ("outlook.office365.com", OAUTH2),
        ("smtp.office365.com", OAUTH2),
    ]
    client = thunderbird_without_autoconfig
    assert client.ask(["find", f"user.name@exchange.{suffix}"]) is None
    assert "https POST autodiscover 200" in client.requests


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_unknown_domain(
    thunderbird: Client, thunderbird_without_autoconfig: Client, suffix: str
) -> None:
    """A domain that leads to the server but is not served gets nothing."""
    for client in thunderbird, thunderbird_without_autoconfig:
        assert client.ask(["find", f"user.name@unknown.{suffix}"]) is None


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("name", "preferences"),
    [
        pytest.param("corp", {}, id="autoconfig"),
        pytest.param("example", WITHOUT_AUTOCONFIG, id="autodiscover"),
    ],
)
def test_account_assistant(
    network: Network, name: str, suffix: str, preferences: dict[str, Any]
) -> None:
    """Name, address, password: then the account stands, logged in. Screenshots are kept."""
    address = f"user.name@{name}.{suffix}"
    imap, _, smtp = servers(f"{name}.{suffix}")
    client = start(network, preferences)
    try:
        made = client.ask(["set_up", address, PASSWORD])
        logins = client.logins()
    finally:
        client.close()
    KEPT.mkdir(parents=True, exist_ok=True)
    for step, screenshot in made["screenshots"].items():
        (KEPT / f"thunderbird-{name}.{suffix}-{step}.png").write_bytes(base64.b64decode(screenshot))
    assert made["found"] == ["imap", imap[1], str(imap[2]), smtp[1], str(smtp[2])]
    assert made["accounts"] == [
        [
            address,
            *(
                [kind, host, port, SOCKET_TYPE[security], address]
                for kind, host, port, security in (imap, smtp)
            ),
        ]
    ]
    assert set(logins) == {f"imap {address}"}
