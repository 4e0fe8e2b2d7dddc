"""Apple's configuration profile (`.mobileconfig`): model -> bytes.

Never a password in it: the device asks for that.
Source: Apple's "Device Management", payloads com.apple.mail.managed, com.apple.eas.account,
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
from ..inventory.mailboxes import is_asked, login
from ..inventory.model import Authentication, Domain, Server, WebServer

MEDIA_TYPE = "application/x-apple-aspen-config"

# There is none for OAuth2 or GSSAPI: a server that takes nothing else has no payload.
_AUTHENTICATION: Mapping[Authentication, str] = {
    "password": "EmailAuthPassword",
    "password_encrypted": "EmailAuthCRAMMD5",
    "none": "EmailAuthNone",
}
# A user may give a certificate of their own; without these keys, a profile locks the switches.
_SMIME = {
    "SMIMESigningUserOverrideable": True,
    "SMIMESigningCertificateUUIDUserOverrideable": True,
    "SMIMEEncryptByDefaultUserOverrideable": True,
    "SMIMEEncryptionCertificateUUIDUserOverrideable": True,
    "SMIMEEnableEncryptionPerMessageSwitch": True,
}
_EAS_PATH = "/microsoft-server-activesync"  # in lower case; the payload has no key for another
_ACCOUNT_TYPE = {"imap": "EmailTypeIMAP", "pop3": "EmailTypePOP"}
_DAV = {"caldav": "CalDAV", "carddav": "CardDAV"}

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:mailhost:autoconfig:profile")


def file_name(domain: Domain) -> str:
    """The name under which a browser keeps the profile; it contains no address."""
    return f"{domain.name}.mobileconfig"


def refusal(domain: Domain) -> str:
    """Why there is no profile, in a sentence; empty if there is one.

    A profile with calendars and no mail would be no help where the domain has mail.
    """
    settings = domain.settings
    if _mail_servers(domain) or _active_sync(domain):
        return ""
    if settings.mail_servers or settings.active_sync:
        return "No profile: it would need servers for incoming and outgoing mail with a password."
    return "" if list(_dav_servers(domain)) else "No profile: no service that it could set up."


def render(domain: Domain, address: Address) -> bytes | None:
    """Return the unsigned profile, an XML property list; None if there is a `refusal`.

    The same address gives the same identifiers, so that a profile which is installed again
    replaces the first one instead of making a second account.
    """
    if refusal(domain):
        return None
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

    profile = payload(
        "Configuration",
        {
            "PayloadDisplayName": f"{domain.display_name}: {address.email}",
            "PayloadOrganization": domain.display_name,
            "PayloadDescription": f"{domain.display_name}: {address.email}",
            "PayloadContent": list(_payloads(domain, address, payload)),
        },
    )
    return plistlib.dumps(profile)


def _payloads(
    domain: Domain,
    address: Address,
    payload: Callable[[str, Mapping[str, Any]], dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    if servers := _mail_servers(domain):
        yield payload("com.apple.mail.managed", _mail(domain, address, *servers))
    elif active_sync := _active_sync(domain):
        # It brings calendars and contacts too; others beside it would show them twice.
        yield payload("com.apple.eas.account", _exchange(domain, address, active_sync))
        return
    for server in _dav_servers(domain):
        yield payload(f"com.apple.{server.type}.account", _dav(domain, address, server))


def _mail(domain: Domain, address: Address, incoming: Server, outgoing: Server) -> dict[str, Any]:
    # iOS takes addresses with commas between them, the first as the account's own.
    others = domain.settings.aliases.get(address.localpart.lower(), ())
    content = {
        "EmailAccountDescription": address.email,
        "EmailAccountType": _ACCOUNT_TYPE[incoming.type],
        "EmailAddress": ", ".join((address.email, *others)),
        **_mail_server("Incoming", incoming, domain, address),
        **_mail_server("Outgoing", outgoing, domain, address),
        **_SMIME,
    }
    if outgoing.authentication[0] != "none":
        content["OutgoingPasswordSameAsIncomingPassword"] = True
    if incoming.path_prefix:
        content["IncomingMailServerIMAPPathPrefix"] = incoming.path_prefix
    return content


def _exchange(domain: Domain, address: Address, server: WebServer) -> dict[str, Any]:
    content = {
        "EmailAddress": address.email,
        "Host": urlsplit(address.fill_url(server.url)).hostname,
        "SSL": True,
    }
    if not is_asked(domain, server, address):
        content["UserName"] = login(domain, server, address)
    return content


def _dav(domain: Domain, address: Address, server: WebServer) -> dict[str, Any]:
    name = _DAV[server.type]
    in_urls = replace(address, email=f"{address.localpart}@{address.domain}")
    parts = urlsplit(in_urls.fill(server.url, lambda text: quote(text, safe="@")))
    content: dict[str, Any] = {
        f"{name}AccountDescription": address.email,
        f"{name}HostName": parts.hostname,
        f"{name}Port": parts.port or 443,
        f"{name}UseSSL": True,
    }
    if not is_asked(domain, server, address):
        content[f"{name}Username"] = login(domain, server, address)
    # Any other path is a context path or a collection: a device finds the principal by itself.
    if server.principal:
        content[f"{name}PrincipalURL"] = parts.path or "/"
    return content


def _mail_server(side: str, server: Server, domain: Domain, address: Address) -> dict[str, Any]:
    key = f"{side}MailServer"
    content: dict[str, Any] = {
        f"{key}Authentication": _authentication(server),
        f"{key}HostName": server.host_for(domain.name),
        f"{key}PortNumber": server.port,
        f"{key}UseSSL": server.security != "none",  # the port tells STARTTLS from TLS
    }
    # Without a user name a device asks for it.
    if server.authentication[0] != "none" and not is_asked(domain, server, address):
        content[f"{key}Username"] = login(domain, server, address)
    return content


def _authentication(server: Server | WebServer) -> str | None:
    return next((_AUTHENTICATION[m] for m in server.authentication if m in _AUTHENTICATION), None)


def _mail_servers(domain: Domain) -> tuple[Server, Server] | None:
    """The incoming and the outgoing server of the one account that a payload has."""
    usable = [server for server in domain.settings.mail_servers if _authentication(server)]
    incoming = next((server for server in usable if server.type in _ACCOUNT_TYPE), None)
    outgoing = next((server for server in usable if server.type == "smtp"), None)
    return (incoming, outgoing) if incoming and outgoing else None


def _active_sync(domain: Domain) -> WebServer | None:
    """The ActiveSync server, if it takes a password and is where devices ask."""
    for server in domain.settings.web_servers:
        if server.type == "activesync" and _authentication(server):
            parts = urlsplit(server.url.replace("{domain}", domain.name))
            if parts.path.rstrip("/").lower() in ("", _EAS_PATH) and parts.port in (None, 443):
                return server
    return None


def _dav_servers(domain: Domain) -> Iterator[WebServer]:
    seen = set()
    for server in domain.settings.web_servers:
        if server.type in _DAV and server.type not in seen and _authentication(server):
            seen.add(server.type)
            yield server
