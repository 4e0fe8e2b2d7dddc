# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What numbers and texts of variables may be, beside their types."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load
from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.values import short

GROUPS = load("certificates.groups")
PORT = (1, 65535)
SECONDS = (0, 2**31 - 1)
"""As resource records have them (RFC 2181, section 8)."""
NUMBERS = {
    "autoconfig_certificates_max_names": (GROUPS.SMALLEST, GROUPS.LARGEST),
    "autoconfig_dns_ttl": SECONDS,
    "autoconfig_dns_wait": SECONDS,
    "autoconfig_nginx_balancer_http_port": PORT,
    "autoconfig_nginx_balancer_https_port": PORT,
    "autoconfig_nginx_cache_seconds": SECONDS,
    "autoconfig_nginx_rate_limit": (1, 1_000_000),
    "autoconfig_nginx_rate_limit_burst": (0, 1_000_000),
    "autoconfig_share_ssh_port": PORT,
}
"""The least and the greatest."""


def is_address(text: str) -> bool:
    """Whether this is an IPv4 or IPv6 address."""
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def is_network(text: str) -> bool:
    """Whether this is an address or a network."""
    try:
        return bool(ip_network(text, strict=False))
    except ValueError:
        return False


def is_listen(text: str) -> bool:
    """Whether nginx can listen there: [ADDRESS:]PORT, an IPv6 address in brackets, or a socket."""
    found = re.fullmatch(r"(?:(?:\[([^\]]+)\]|([^:\[\]/]+)):)?([0-9]{1,5})", text)
    if not found:
        return text.startswith("unix:/")
    six, four, port = found.groups()
    return PORT[0] <= int(port) <= PORT[1] and (not six or is_address(six)) and four != ""


def is_end(text: str) -> bool:
    """Whether this is HOST:PORT."""
    return ":" in text and not text.startswith("unix:") and is_listen(text)


def is_name(text: str) -> bool:
    """Whether this is a host name of two labels or more."""
    try:
        return bool(load("inventory.names").normalise(text))
    except ValueError:
        return False


def is_mailbox(text: str) -> bool:
    """Whether this is a mail address."""
    local, at, domain = text.rpartition("@")
    return bool(at and local) and not re.search(r"[\s@,]", local) and is_name(domain)


def matches(pattern: str) -> Callable[[str], bool]:
    """Return a test for a regular expression that the whole of a text has to match."""
    return lambda text: bool(re.fullmatch(pattern, text))


AN_ADDRESS = (is_address, "an address such as 192.0.2.1 or 2001:db8::1")
A_HOST = (is_end, "HOST:PORT such as 127.0.0.1:443")
A_DOMAIN = (is_name, "a domain such as example.com")
TEXTS: dict[str, tuple[Callable[[str], bool], str]] = {
    "autoconfig_certificates_caa_identities": A_DOMAIN,
    "autoconfig_certificates_email": (is_mailbox, "a mail address such as admin@example.com"),
    "autoconfig_certificates_profile": (
        matches(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
        "the name of a profile such as tlsserver",
    ),
    "autoconfig_certificates_wildcards": A_DOMAIN,
    "autoconfig_dns_addresses": AN_ADDRESS,
    "autoconfig_dns_caa": (
        matches(r"[^\s;\"]+(;.*)?"),
        "an authority such as letsencrypt.org",
    ),
    "autoconfig_dns_resolvers": AN_ADDRESS,
    "autoconfig_doctor_ignore": (
        matches(r"[a-z0-9-]+(:.*)?"),
        "CODE or CODE:SUBJECT such as dns-no-mx:example.com",
    ),
    "autoconfig_metrics_directory": (matches(r"/.+"), "a full path on the host"),
    "autoconfig_monitor_ca_file": (matches(r"/.+"), "a full path on the host"),
    "autoconfig_monitor_name_server": (
        lambda text: is_address(text.strip("[]")) or is_end(text),
        "an address, or ADDRESS:PORT",
    ),
    "autoconfig_nginx_proxy_addresses": (
        lambda text: is_network(text) or text == "unix:",
        "an address or a network such as 192.0.2.0/24",
    ),
    "autoconfig_nginx_proxy_listen": (is_listen, "ADDRESS:PORT such as 127.0.0.1:8080"),
    "autoconfig_responder_group": (
        matches(r"[a-z_][a-z0-9_-]{0,31}"),
        "the name of a group such as www-data",
    ),
    "autoconfig_verify_connect": A_HOST,
    "autoconfig_verify_connect_http": A_HOST,
}
"""The test of a text that is not empty, or of each entry of a list; and what to write instead."""


def wrong(name: str, value: Any) -> str:
    """Say what is wrong with a value, or with an entry of a list; nothing if all is right."""
    if name in NUMBERS:
        least, greatest = NUMBERS[name]
        if not least <= value <= greatest:
            return f"{value} is not possible; use {least} to {greatest}"
    elif name in TEXTS and value != "":
        test, instead = TEXTS[name]
        if not test(str(value)):
            return f"{short(value)} is not possible; use {instead}"
    return ""
