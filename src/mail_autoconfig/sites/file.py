"""nginx's file with the servers for the sources' domains: pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from .settings import Settings

DIGEST = "$mail_autoconfig_names_digest"
"""nginx's variable with the digest of the file; the role's files answer with it."""
_HEAD = """\
# Written by mail-autoconfig names, which writes over what is changed here.
# What its servers have beside names and certificates is the role nginx's.
"""


def write(
    names: Sequence[str], certificates: Mapping[str, Sequence[str]], settings: Settings
) -> tuple[str, str]:
    """The file, and the digest that its servers answer with.

    `names` are served over plain http, those of each of the `certificates` over TLS too.
    """
    text = _file(names, certificates, settings, "")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return _file(names, certificates, settings, digest), digest


def _file(
    names: Sequence[str],
    certificates: Mapping[str, Sequence[str]],
    settings: Settings,
    digest: str,
) -> str:
    servers = [_server(names, (f"set {DIGEST} '{digest}'", f"include {settings.plain}"))]
    for certificate, own in certificates.items():
        directory = settings.tls_directory / certificate
        more = (
            f"ssl_certificate {directory}/fullchain.pem",
            f"ssl_certificate_key {directory}/privkey.pem",
            f"set {DIGEST} '{digest}'",
            f"include {settings.secure}",
        )
        servers.append(_server(own, more))
    return _HEAD + "".join(servers if names else [])


def _server(names: Iterable[str], more: Iterable[str]) -> str:
    lines = [*(f"server_name {name}" for name in names), *more]
    return "\nserver {\n" + "".join(f"    {line};\n" for line in lines) + "}\n"
