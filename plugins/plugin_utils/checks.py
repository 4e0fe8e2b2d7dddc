# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can be wrong before a role changes a host. Each check yields one line a problem."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mailhost.autoconfig.plugins.plugin_utils.program import load

GROUPS = load("certificates.groups")
OLDEST_ANSIBLE = (2, 19)
NO_NAMESPACE = {225: "NETWORK", 226: "NAMESPACE"}
"""Exit status of a service -> its name, in systemd.exec(5)."""
OCTODNS_CLASS = re.compile(r"[A-Za-z]\w*([.]\w+)+", re.ASCII)


def controller(version: str) -> Iterator[str]:
    """Check ansible-core, by its version such as ``2.19.4`` or ``2.20.0rc1``."""
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_ANSIBLE:
        oldest = ".".join(map(str, OLDEST_ANSIBLE))
        yield f"ansible-core {version} is too old; use {oldest} or later"


def certificates_host(name: str, hosts: Collection[str]) -> Iterator[str]:
    """Check that the host that orders the certificates, if one does, is in the inventory."""
    if name and name not in hosts:
        yield (
            f"autoconfig_certificates_host is '{name}', which is no host of the inventory; "
            "name one of autoconfig_servers"
        )


def certificates(wanted: Mapping[str, Any]) -> Iterator[str]:
    """Check what the role certificates is to do.

    :arg wanted: ``__certificates_checked`` of that role
    """
    mode = wanted["mode"]
    if not mode:
        yield (
            "autoconfig_certificates_mode is not set; use letsencrypt, acme, selfsigned or existing"
        )
    if mode == "letsencrypt" and not wanted["environment"]:
        yield (
            "autoconfig_certificates_letsencrypt_environment is not set; "
            "use staging for a first try, then production"
        )
    if mode == "acme" and not wanted["directory"].startswith("https://"):
        yield (
            f"autoconfig_certificates_acme_directory is '{wanted['directory']}'; "
            "use the https URL of the authority's ACME directory"
        )
    if mode == "existing" and not all(path.startswith("/") for path in wanted["existing"]):
        yield (
            "autoconfig_certificates_existing_certificate and "
            "autoconfig_certificates_existing_key must be full paths on the host"
        )
    if mode in ("letsencrypt", "acme"):
        yield from profile(wanted["profile"], wanted["max_names"])
    if unknown := [key for key in wanted["limits"] if key not in wanted["known_limits"]]:
        yield (
            f"autoconfig_certificates_limits: unknown key {', '.join(unknown)}; "
            f"use {', '.join(wanted['known_limits'])}"
        )
    if wanted["wildcards"] and wanted["challenge"] != "dns-01":
        yield (
            "autoconfig_certificates_wildcards needs autoconfig_certificates_challenge: dns-01; "
            f"an authority takes no other proof for {', '.join(wanted['wildcards'])}"
        )
    if wanted["challenge"] == "dns-01":
        yield from proofs_in_dns(wanted)


def profile(name: str, size: int) -> Iterator[str]:
    """Check that a certificate of a profile may have so many names."""
    most = GROUPS.PROFILES.get(name, size)
    if size > most:
        yield (
            f"autoconfig_certificates_max_names is {size}, but the profile {name} has {most} at "
            f"most; leave the variable out, or use 1 to {most}"
        )


def proofs_in_dns(wanted: Mapping[str, Any]) -> Iterator[str]:
    """Check which servers and providers prove the names to an authority."""
    if wanted["mode"] in ("letsencrypt", "acme") and not wanted["servers"]:
        yield (
            "autoconfig_certificates_challenge is dns-01, but autoconfig_dns_servers has no "
            "address with a key; name a server that takes dynamic updates, or set "
            "autoconfig_certificates_dns_apis for the APIs of providers"
        )
    known = wanted["known_providers"]
    for provider in dict.fromkeys(wanted["providers"]):
        if provider not in known and not OCTODNS_CLASS.fullmatch(provider):
            yield (
                f'autoconfig_dns_servers: no provider "{provider}"; use {", ".join(known)}, '
                "or a class of octoDNS"
            )
        elif provider not in known and not wanted["requirements"]:
            yield (
                f"autoconfig_dns_servers: {provider} is not among what the collection installs on "
                "a host; give autoconfig_certificates_dns_requirements, a file with its version "
                "and digests, or prove the names in another zone (docs/frontends.md)"
            )


def names_of_sources(mode: str) -> Iterator[str]:
    """Check that names of domains that come without a play can be certified.

    :arg mode: ``autoconfig_certificates_mode``; empty where the play does not order certificates
    """
    if mode in ("selfsigned", "existing"):
        yield (
            f"autoconfig_certificates_mode is {mode}, whose certificate gets no names without a "
            "play; write discovery: srv for the domains of autoconfig_sources, or use letsencrypt "
            "or acme"
        )


def front_ends(names: Sequence[str]) -> Iterator[str]:
    """Check that a load balancer has servers."""
    if not names:
        yield (
            "autoconfig_front_ends is empty; name the hosts that answer, "
            "or put them into the group autoconfig_servers"
        )


def isolation(status: int) -> Iterator[str]:
    """Check that the host can isolate services.

    :arg status: how a service ended that is isolated as those of the roles; what it says of other
        things than namespaces is not ours to judge
    """
    if status in NO_NAMESPACE:
        yield (
            f"This host can't isolate services ({status}/{NO_NAMESPACE[status]}), as in a "
            "container without CAP_SYS_ADMIN; let the container have it (LXC: nesting), or set "
            "autoconfig_isolate_services: false (docs/server.md)"
        )
