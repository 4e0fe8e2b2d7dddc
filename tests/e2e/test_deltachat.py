"""Delta Chat's core finds the settings and logs in with them, to IMAP and SMTP.

Its trust anchors are compiled in, so here it accepts any certificate.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import distribution
from typing import Any

import pytest

from e2e.lab import PASSWORD, SUFFIXES, Client, Network, servers


class RequestError(Exception):
    """What Delta Chat tells its user."""


class DeltaChat:
    """A Delta Chat without accounts, asked by JSON-RPC."""

    def __init__(self, network: Network) -> None:
        package = distribution("deltachat-rpc-server")
        program = package.locate_file("deltachat_rpc_server/deltachat-rpc-server")
        self.client = Client(
            network,
            "services",
            ["/deltachat"],
            environment={"DC_ACCOUNTS_PATH": "/accounts"},
            volumes=[f"{program}:/deltachat:ro"],
        )

    def call(self, method: str, *parameters: Any) -> Any:
        """Call a method; RequestError if it fails."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = self.client.ask(request)
        if "error" in answer:
            raise RequestError(answer["error"]["message"])
        return answer["result"]

    def set_up(self, address: str) -> tuple[int, frozenset[str]]:
        """Make an account of address and password; return its number and what was asked for it."""
        account = self.call("add_account")
        entered = {
            "addr": address,
            "password": PASSWORD,
            "certificateChecks": "acceptInvalidCertificates",
        }
        self.call("add_or_update_transport", account, entered)
        return account, self.client.requests


@pytest.fixture(scope="module")
def delta_chat(network: Network) -> Iterator[DeltaChat]:
    """Delta Chat's core, as its applications have it."""
    started = DeltaChat(network)
    yield started
    started.client.close()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("example", id="autoconfig.D"),
        pytest.param("corp", id="own servers"),
        pytest.param("apex", id="D/.well-known"),
    ],
)
def test_log_in(delta_chat: DeltaChat, name: str, suffix: str) -> None:
    """The settings that it uses are the domain's, from autoconfig, and the log-ins succeed."""
    address = f"user.name@{name}.{suffix}"
    account, asked = delta_chat.set_up(address)
    used = delta_chat.call("get_info", account)["used_transport_settings"]
    imap, _, smtp = (
        f"{kind}:[{host}:{port}:{security}]"
        for kind, host, port, security in servers(f"{name}.{suffix}")
    )
    assert f" {imap} {smtp} " in used
    assert asked == {"https GET autoconfig 200"}
    assert {f"imap {address}", "smtp"} <= set(delta_chat.client.logins())


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["plain", "records"])
def test_needs_a_name_on_the_certificate(delta_chat: DeltaChat, name: str, suffix: str) -> None:
    """It asks over https alone and reads neither MX nor SRV."""
    with pytest.raises(RequestError):
        delta_chat.set_up(f"user.name@{name}.{suffix}")
    assert not delta_chat.client.requests
