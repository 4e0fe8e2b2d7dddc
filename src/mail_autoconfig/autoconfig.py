"""Mozilla's Autoconfig, config-v1.1: model -> bytes.

The address stays a placeholder, so an answer is the same for all users of a domain.
Source: Mozilla's "Autoconfiguration: config file format"; draft-ietf-mailmaint-autoconfig.
"""

from __future__ import annotations

from functools import lru_cache

from .addresses import PLACEHOLDER
from .model import Authentication, Domain, Security
from .templates import template

MEDIA_TYPE = "text/xml"
PATHS = (
    "/mail/config-v1.1.xml",
    "/.well-known/autoconfig/mail/config-v1.1.xml",
    "/autoconfig/mail/config-v1.1.xml",
)

SOCKET_TYPE: dict[Security, str] = {"tls": "SSL", "starttls": "STARTTLS", "none": "plain"}
_AUTHENTICATION: dict[Authentication, str] = {
    "password": "password-cleartext",
    "password_encrypted": "password-encrypted",
    "oauth2": "OAuth2",
    "gssapi": "GSSAPI",
}
_PLACEHOLDERS = {
    "email": "%EMAILADDRESS%",
    "localpart": "%EMAILLOCALPART%",
    "domain": "%EMAILDOMAIN%",
}

_template = template("autoconfig.xml")


def username(pattern: str) -> str:
    """Translate a user name pattern into the format's own placeholders."""
    return PLACEHOLDER.sub(lambda match: _PLACEHOLDERS[match[1]], pattern)


@lru_cache(maxsize=1024)
def render(domain: Domain) -> bytes:
    """Return the settings for all users of `domain`."""
    return _template.render(
        domain=domain,
        servers=[
            (
                "outgoingServer" if server.type == "smtp" else "incomingServer",
                server.type,
                server.host_for(domain.name),
                server.port,
                SOCKET_TYPE[server.security],
                username(server.username),
                [_AUTHENTICATION[method] for method in server.authentication],
            )
            for server in domain.settings.mail_servers
        ],
    ).encode()
