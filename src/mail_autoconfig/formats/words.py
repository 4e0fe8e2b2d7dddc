"""The words of the documents that clients read, and the paths at which they ask for them.

Answers are written with these tables, and read with them. Standard library alone. Host names such
as `autodiscover.example.com` come from `inventory.hosts`, the default ports from `inventory.model`:
both are needed below this package.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..inventory.model import Authentication, Protocol, Security, WebProtocol

# Paths:

POX_PATH = "/autodiscover/autodiscover.xml"
"""Where Outlook posts its request (MS-OXDISCO, section 3.1.5)."""
JSON_PATH = "/autodiscover/autodiscover.json"
SOAP_PATH = "/autodiscover/autodiscover.svc"
CONFIG_PATH = "/mail/config-v1.1.xml"
"""Where Autoconfig is, at the host name of its own (draft-ietf-mailmaint-autoconfig)."""
WELL_KNOWN_CONFIG_PATH = f"/.well-known/autoconfig{CONFIG_PATH}"
"""Where Autoconfig is at the domain itself."""
CONFIG_PATHS = (
    CONFIG_PATH,
    WELL_KNOWN_CONFIG_PATH,
    f"/autoconfig{CONFIG_PATH}",
    f"/v1.1{CONFIG_PATH}",
    "/.well-known/mail-v1.xml",
)
"""All paths of Autoconfig; docs/clients.md says who asks at which."""
SERVICE_PATHS: Mapping[str, WebProtocol] = {
    "/.well-known/caldav": "caldav",
    "/.well-known/carddav": "carddav",
    "/.well-known/jmap": "jmap",
}
"""Where clients look for a service at its domain (RFC 6764, section 5; RFC 8620, section 2.2)."""
PACC_PATH = "/.well-known/user-agent-configuration.json"
"""draft-ietf-mailmaint-pacc."""
PROFILE_PATH = "/email.mobileconfig"
"""Apple's profile; no standard names a place for it."""
PAGE_PATH = "/"
FORM_PATH = "/settings"
"""Where the page's form goes, by POST: an address in a URL would stay in histories and logs."""
REG_PATH = "/outlook.reg"
ZIP_PATH = "/outlook.zip"
HEALTH_PATH = "/healthz"

# Autodiscover, "plain old XML" (MS-OXDSCLI):

POX_REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
POX_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
POX_ROOT = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
"""The namespace of an answer's root, and of an error throughout."""
MOBILESYNC_REQUEST = (
    "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"
)
MOBILESYNC_RESPONSE = (
    "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
)

POX_TYPES: Mapping[Protocol, str] = {"imap": "IMAP", "pop3": "POP3", "smtp": "SMTP"}
POX_WEB_TYPES: Mapping[WebProtocol, str] = {
    "webdav": "DAV",
    "caldav": "CalDAV",
    "carddav": "CardDAV",
}
"""The last two are eM Client's; others skip a type that they do not know."""
# TLS means STARTTLS here, SSL means TLS from the first byte.
POX_ENCRYPTION: Mapping[Security, str] = {"tls": "SSL", "starttls": "TLS", "none": "None"}
# "on" beside both: Thunderbird reads SSL=off as plain text, whatever Encryption says.
POX_SSL: Mapping[Security, str] = {"tls": "on", "starttls": "on", "none": "off"}

# Autoconfig (Mozilla's config-v1.1; draft-ietf-mailmaint-autoconfig-06):

SOCKET_TYPES: Mapping[Security, str] = {"tls": "SSL", "starttls": "STARTTLS", "none": "plain"}
AUTHENTICATION: Mapping[Authentication, str] = {
    "password": "password-cleartext",
    "password_encrypted": "password-encrypted",
    "oauth2": "OAuth2",
    "gssapi": "GSSAPI",
    "none": "none",
}
HTTP_AUTHENTICATION: Mapping[Authentication, tuple[str, str]] = {
    "password": ("http", "Basic"),
    "password_encrypted": ("http", "Digest"),
    "oauth2": ("", "OAuth2"),
    "gssapi": ("http", "Negotiate"),
}
"""Of services behind a URL: the attribute `system`, if there is one, and the text."""
PLACEHOLDERS: Mapping[str, str] = {
    "email": "%EMAILADDRESS%",
    "localpart": "%EMAILLOCALPART%",
    "domain": "%EMAILDOMAIN%",
}
"""What a client replaces by its user's address, or by a part of it."""
