"""A real Thunderbird finds the settings of the lab's domains through the deployed server.

The environment names a lab of tests/lab: LAB_NAME, LAB_CA (file with the root of its
certificates), LAB_SUFFIXES (its domains are example.SUFFIX and corp.SUFFIX). By default it is
the demo.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import docker
import pytest

HERE = Path(__file__).parent
LAB = os.environ.get("LAB_NAME", "demo")
CA = Path(os.environ.get("LAB_CA", HERE.parents[1] / ".demo/ca.pem"))
SUFFIXES = os.environ.get("LAB_SUFFIXES", "test").split()

TIMEOUT = 120  # seconds that all look-ups may take
TLS, STARTTLS = 3, 2  # nsMsgSocketType
PASSWORD = 3  # nsMsgAuthMethod.passwordCleartext: as it is, inside TLS


def expected(domain: str, suffix: str) -> list[tuple[str, str, int, int]]:
    """Type, host, port and socketType of the servers that a domain's users should get."""
    if domain == f"example.{suffix}":
        host, smtp = "mail.gandi.net", (465, TLS)
    else:
        host, smtp = f"mail.corp.{suffix}", (587, STARTTLS)
    return [("imap", host, 993, TLS), ("pop3", host, 995, TLS), ("smtp", host, *smtp)]


DOMAINS = [(f"{kind}.{suffix}", suffix) for suffix in SUFFIXES for kind in ("example", "corp")]
UNKNOWN = [f"unknown.{suffix}" for suffix in SUFFIXES]


def look_up(preferences: dict[str, bool]) -> dict[str, Any]:
    """Domain → the AccountConfig that a fresh Thunderbird in the lab's network finds, or None."""
    images = HERE.parent / "lab/images.py"
    subprocess.run([sys.executable, images, "thunderbird"], check=True)
    client = docker.from_env()
    network = f"autoconfig-{LAB}"
    dns = client.containers.get(f"{network}-dns").attrs["NetworkSettings"]["Networks"][network]
    domains = [domain for domain, _ in DOMAINS] + UNKNOWN
    request = {
        "ca": CA.read_text(),
        "preferences": preferences,
        "addresses": [f"user.name@{domain}" for domain in domains],
    }
    container = client.containers.run(
        "autoconfig-lab/thunderbird",
        ["python3", "-c", (HERE / "thunderbird.py").read_text(), json.dumps(request)],
        labels={"mailhost.autoconfig.lab": LAB},
        network=network,
        dns=[dns["IPAddress"]],
        detach=True,
    )
    try:
        code = container.wait(timeout=TIMEOUT)["StatusCode"]
        assert code == 0, container.logs(stdout=False, tail=20).decode()
        return dict(zip(domains, json.loads(container.logs(stderr=False)), strict=True))
    finally:
        container.remove(force=True)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What Thunderbird finds as it is installed."""
    return look_up({})


@pytest.fixture(scope="module")
def found_without_autoconfig() -> dict[str, Any]:
    """What Thunderbird finds when only Autodiscover is left to it."""
    return look_up({"mailnews.auto_config.fetchFromISP.enabled": False})


def check_settings(config: dict[str, Any], domain: str, suffix: str) -> None:
    """Assert that ``config`` holds just the domain's servers, the user's address as the login."""
    servers = [config["incoming"], *config["incomingAlternatives"]]
    servers += [config["outgoing"], *config["outgoingAlternatives"]]
    assert [
        (each["type"], each["hostname"], each["port"], each["socketType"]) for each in servers
    ] == expected(domain, suffix)
    assert {each["username"] for each in servers} == {f"user.name@{domain}"}
    assert {each["auth"] for each in servers} == {PASSWORD}


@pytest.mark.parametrize(("domain", "suffix"), DOMAINS)
def test_autoconfig(found: dict[str, Any], domain: str, suffix: str) -> None:
    """Autoconfig over https wins; nothing is guessed."""
    config = found[domain]
    assert config, "Thunderbird found nothing"
    assert (config["source"], config["subSource"]) == ("xml", "xml-from-isp-https")
    check_settings(config, domain, suffix)


@pytest.mark.parametrize(("domain", "suffix"), DOMAINS)
def test_autodiscover(found_without_autoconfig: dict[str, Any], domain: str, suffix: str) -> None:
    """With autoconfig switched off, Outlook's way leads to the same settings."""
    config = found_without_autoconfig[domain]
    assert config, "Thunderbird found nothing"
    assert (config["source"], config["subSource"]) == ("exchange", "exchange-from-url1")
    check_settings(config, domain, suffix)


@pytest.mark.parametrize("domain", UNKNOWN)
def test_unknown_domain(
    found: dict[str, Any], found_without_autoconfig: dict[str, Any], domain: str
) -> None:
    """A domain that leads to the server but is not served gets nothing."""
    assert found[domain] is None
    assert found_without_autoconfig[domain] is None
