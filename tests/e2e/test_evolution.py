"""Evolution's library finds the settings, as its assistant asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.lab import ROOT, SUFFIXES, Client, Network, servers

# CamelNetworkSecurityMethod
SECURITY = {"tls": "ssl-on-alternate-port", "starttls": "starttls-on-standard-port"}


def start(network: Network) -> Client:
    """Start Evolution's library in a desktop session of its own."""
    source = (ROOT / "tests/e2e/evolution.py").read_text()
    command = ["dbus-run-session", "--", "python3", "-c", source, network.authorities()]
    return Client(network, "evolution", command)


@pytest.fixture(scope="module")
def evolution(network: Network) -> Iterator[Client]:
    """Evolution's library, started once."""
    client = start(network)
    yield client
    client.close()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        pytest.param("example", "https", id="autoconfig.D"),
        pytest.param("corp", "https", id="own servers"),
        pytest.param("apex", "https", id="D/.well-known"),
        pytest.param("plain", "http", id="plain http"),
    ],
)
def test_autoconfig(evolution: Client, name: str, scheme: str, suffix: str) -> None:
    address = f"user.name@{name}.{suffix}"
    imap, _, smtp = servers(f"{name}.{suffix}")
    assert evolution.ask(address) == [
        [kind, host, port, SECURITY[security], address]
        for kind, host, port, security in (imap, smtp)
    ]
    assert evolution.requests == {f"{scheme} GET autoconfig 200"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_name_that_the_server_fills_in(evolution: Client, suffix: str) -> None:
    """It asks with a made-up address, and puts its user's into the answer."""
    found = evolution.ask(f"user.name@moved.{suffix}")
    assert {row[-1] for row in found} == {f"user.name@corp.{suffix}"}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["records", "unknown"])
def test_nothing_to_find(evolution: Client, name: str, suffix: str) -> None:
    """It reads neither MX nor the record of Autodiscover, and guesses nothing."""
    assert evolution.ask(f"user.name@{name}.{suffix}") is None
    assert evolution.requests <= {"http GET other 404"}  # a name that leads here, but isn't served
