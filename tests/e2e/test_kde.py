"""KDE's ispdb, which KMail's account wizard asks, finds the settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.lab import ROOT, SUFFIXES, Client, Network, servers

SECURITY = {"tls": "SSL", "starttls": "TLS"}


def start(network: Network) -> Client:
    """Start what runs ispdb for each question."""
    source = (ROOT / "tests/e2e/kde.py").read_text()
    return Client(network, "kde", ["python3", "-c", source, network.authorities()])


@pytest.fixture(scope="module")
def kde(network: Network) -> Iterator[Client]:
    client = start(network)
    yield client
    client.close()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["example", "corp"])
def test_autoconfig(kde: Client, name: str, suffix: str) -> None:
    address = f"user.name@{name}.{suffix}"
    assert kde.ask(address) == [
        [kind, host, port, SECURITY[security], address, "plain"]
        for kind, host, port, security in servers(f"{name}.{suffix}")
    ]
    assert kde.requests == {"https GET autoconfig 200"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_other_authentication_before_a_password(kde: Client, suffix: str) -> None:
    """Of OAuth2 and a password it takes OAuth2, whichever is first."""
    imap, _smtp = kde.ask(f"user.name@groupware.{suffix}")
    assert imap[-1] == "OAuth2"
