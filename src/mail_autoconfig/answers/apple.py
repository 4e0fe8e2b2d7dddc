"""Apple's configuration profile (`.mobileconfig`): model -> bytes.

Never a password in it: the device asks for that.
Source: Apple's "Configuration Profile Reference", payloads com.apple.mail.managed,
com.apple.caldav.account and com.apple.carddav.account.
"""

from __future__ import annotations

import plistlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from ..inventory.addresses import Address
from ..inventory.model import Authentication, Domain, Server, WebServer

MEDIA_TYPE = "application/x-apple-aspen-config"

# There is none for OAuth2 or GSSAPI: a server that takes nothing else has no payload.
_AUTHENTICATION: Mapping[Authentication, str] = {
    "password": "EmailAuthPassword",
    "password_encrypted": "EmailAuthCRAMMD5",
}
_ACCOUNT_TYPE = {"imap": "EmailTypeIMAP", "pop3": "EmailTypePOP"}
_DAV = {"caldav": "CalDAV", "carddav": "CardDAV"}

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:mailhost:autoconfig:profile")


def file_name(domain: Domain) -> str:
    """The name under which a browser keeps the profile; it contains no address."""
    return f"{domain.name}.mobileconfig"


def available(domain: Domain) -> bool:
    """Whether a profile can set up anything of what the domain offers."""
    return bool(_mail_servers(domain) or list(_dav_servers(domain)))


def render(domain: Domain, address: Address) -> bytes | None:
    """Return the unsigned profile, an XML property list; None if it would set nothing up.

    The same address gives the same identifiers, so that a profile which is installed again
    replaces the first one instead of making a second account.
    """
    # A local part in other letters is the same mailbox nearly everywhere; the log-in keeps them.
    owner = f"{address.localpart.lower()}@{address.domain}"
    prefix = ".".join(reversed(address.domain.split(".")))

    def payload(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        number = str(uuid.uuid5(_NAMESPACE, f"{owner} {kind}")).upper()
        return {
            "PayloadType": kind,
            "PayloadVersion": 1,
            "PayloadIdentifier": f"{prefix}.mail-autoconfig.{number}",
            "PayloadUUID": number,
            "PayloadDisplayName": domain.display_name,
            **content,
        }

    payloads = list(_payloads(domain, address, payload))
    if not payloads:
        return None
    profile = payload(
        "Configuration",
        {
            "PayloadOrganization": domain.display_name,
            "PayloadDescription": f"{domain.display_name}: {address.email}",
            "PayloadContent": payloads,
        },
    )
    return plistlib.dumps(profile)


def _payloads(
    domain: Domain,
    address: Address,
    payload: Callable[[str, Mapping[str, Any]], dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    if servers := _mail_servers(domain):
        incoming, outgoing = servers
        yield payload(
            "com.apple.mail.managed",
            {
                "EmailAccountDescription": domain.display_name,
                "EmailAccountType": _ACCOUNT_TYPE[incoming.type],
                "EmailAddress": address.email,
                **_mail_server("Incoming", incoming, domain, address),
                **_mail_server("Outgoing", outgoing, domain, address),
                "OutgoingPasswordSameAsIncomingPassword": True,
            },
        )
    in_urls = replace(address, email=f"{address.localpart}@{address.domain}")
    for server in _dav_servers(domain):
        name = _DAV[server.type]
        parts = urlsplit(in_urls.fill(server.url, lambda text: quote(text, safe="@")))
        content: dict[str, Any] = {
            f"{name}AccountDescription": domain.display_name,
            f"{name}HostName": parts.hostname,
            f"{name}Port": parts.port or 443,
            f"{name}UseSSL": True,
            f"{name}Username": address.fill(server.username),
        }
        if parts.path.strip("/"):
            content[f"{name}PrincipalURL"] = parts.path
        yield payload(f"com.apple.{server.type}.account", content)


def _mail_server(side: str, server: Server, domain: Domain, address: Address) -> dict[str, Any]:
    key = f"{side}MailServer"
    return {
        f"{key}Authentication": _authentication(server),
        f"{key}HostName": server.host_for(domain.name),
        f"{key}PortNumber": server.port,
        f"{key}UseSSL": server.security != "none",  # the port tells STARTTLS from TLS
        f"{key}Username": address.fill(server.username),
    }


def _authentication(server: Server | WebServer) -> str | None:
    return next((_AUTHENTICATION[m] for m in server.authentication if m in _AUTHENTICATION), None)


def _mail_servers(domain: Domain) -> tuple[Server, Server] | None:
    """The incoming and the outgoing server of the one account that a payload has."""
    usable = [server for server in domain.settings.mail_servers if _authentication(server)]
    incoming = next((server for server in usable if server.type in _ACCOUNT_TYPE), None)
    outgoing = next((server for server in usable if server.type == "smtp"), None)
    return (incoming, outgoing) if incoming and outgoing else None


def _dav_servers(domain: Domain) -> Iterator[WebServer]:
    seen = set()
    for server in domain.settings.web_servers:
        if server.type in _DAV and server.type not in seen and _authentication(server):
            seen.add(server.type)
            yield server
