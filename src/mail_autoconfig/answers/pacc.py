"""PACC, automatic configuration by a JSON document and its digest in the DNS: model -> bytes.

Source: draft-ietf-mailmaint-pacc-03 (an Internet-Draft: work in progress).
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ..inventory.model import PORTS, Domain, Server, WebServer

MEDIA_TYPE = "application/json"

# The draft says submit since -03; clients that follow -02 look for smtp.
_KEYS = {"imap": ("imap",), "pop3": ("pop3",), "smtp": ("submit", "smtp")}
_WEB = ("caldav", "carddav", "webdav", "jmap")


@lru_cache(maxsize=1024)
def render(domain: Domain) -> bytes:
    """Return the document for all users of `domain`.

    The same configuration gives the same bytes, since their digest is in the DNS. Servers that the
    format can't describe are left out: other ports, STARTTLS, URLs that differ from user to user.
    """
    settings = domain.settings
    protocols: dict[str, dict[str, str]] = {}
    described: list[Server | WebServer] = []
    for server in settings.servers:
        # TLS from the first byte, on the registered port: the document names no other (RFC 8314).
        is_usual = server.security == "tls" and server.port == PORTS[server.type].get("tls")
        if is_usual and server.type in _KEYS:
            described.append(server)
            for key in _KEYS[server.type]:
                protocols.setdefault(key, {"host": server.host_for(domain.name)})
    for web in settings.web_servers:
        url = web.url.replace("{domain}", domain.name)
        if web.type in _WEB and "{" not in url and urlsplit(url).port in (None, 443):
            described.append(web)
            protocols.setdefault(web.type, {"url": url})

    methods = {method for server in described for method in server.authentication}
    authentication: dict[str, Any] = {"password": bool(methods - {"oauth2", "none"})}
    if "oauth2" in methods and settings.oauth2:
        authentication["oauth-public"] = {"issuer": settings.oauth2.issuer}
    info: dict[str, Any] = {
        "provider": {"name": domain.display_name, "shortName": domain.short_name}
    }
    if settings.documentation:
        info["help"] = {"documentation": settings.documentation[0].url}
    document = {"protocols": protocols, "authentication": authentication, "info": info}
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()


def txt_record(domain: Domain) -> str:
    """Return the text of the TXT record `_ua-auto-config`: the digest of the document."""
    digest = b64encode(hashlib.sha256(render(domain)).digest()).decode("ascii")
    return f"v=UAAC1; a=sha256; d={digest}"
