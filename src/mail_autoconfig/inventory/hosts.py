"""The names below a domain at which clients look for its settings.

They are here, below everything else, since the data model finds a domain by them.
"""

from __future__ import annotations

from typing import Literal, get_args

Host = Literal["autodiscover", "autoconfig", "ua-auto-config"]
"""Outlook's, Thunderbird's, and that of PACC (draft-ietf-mailmaint-pacc)."""
Record = Literal["_autodiscover._tcp", "_ua-auto-config"]
"""Outlook's SRV record, and the TXT record with the digest of PACC's document."""

HOSTS: tuple[Host, ...] = get_args(Host)


def host_of(kind: Host, domain: str) -> str:
    """The host name that is asked for a domain, such as `autodiscover.example.com`."""
    return f"{kind}.{domain}"


def record_of(kind: Record, domain: str) -> str:
    """The name of a record about a domain, such as `_autodiscover._tcp.example.com`."""
    return f"{kind}.{domain}"


def is_host(kind: Host, name: str) -> bool:
    """Whether `name`, in lower case, is a host name of this kind."""
    return name.startswith(f"{kind}.")


def domain_of(host: str) -> str | None:
    """The domain for which such a host name, in lower case, is asked; None for another name."""
    return next((host.removeprefix(f"{kind}.") for kind in HOSTS if is_host(kind, host)), None)
