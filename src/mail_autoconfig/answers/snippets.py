"""Rules for a web server of one's own that serves the domain itself: model -> configuration text.

Outlook asks at the domain itself before its autodiscover name, and `/.well-known/autoconfig` is
asked for at the domain alone. Where the domain is a web site, these rules let its server pass such
requests on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..formats.words import CONFIG_PATH, JSON_PATH, POX_PATH
from ..inventory.model import Configuration, Domain
from ..inventory.names import page_host

# What is asked for at the domain, in any case and without the first slash; where it is answered.
_ROUTES = (
    (r"autodiscover/autodiscover\.xml", POX_PATH),
    (r"autodiscover/autodiscover\.json((?:/.*)?)", f"{JSON_PATH}$1"),
    (r"(?:\.well-known/)?autoconfig/mail/config-v1\.1\.xml", CONFIG_PATH),
)
_ANY = "|".join(asked for asked, _answered in _ROUTES)
_TRUSTED = "/etc/ssl/certs/ca-certificates.crt"


def apache(domain: Domain, host: str) -> str:
    """Rules for the domain's `<VirtualHost *:443>`; they pass requests on to `host`."""
    rules = "".join(
        f"RewriteRule ^/{asked}$ https://{host}{answered} [NC,P,L]\n" for asked, answered in _ROUTES
    )
    return (
        f"# {domain.name}: for its <VirtualHost *:443>; a2enmod rewrite setenvif ssl proxy_http\n"
        "# Request lines can contain a mail address. In place of the site's own CustomLog:\n"
        "CustomLog ${APACHE_LOG_DIR}/access.log combined env=!mail_autoconfig\n"
        f'<LocationMatch "(?i)^/(?:{_ANY})$">\n'
        "    SetEnvIf Request_URI . mail_autoconfig\n"
        "    LogLevel crit\n"
        "</LocationMatch>\n"
        "SSLProxyEngine on\n"
        "SSLProxyVerify require\n"
        "SSLProxyVerifyDepth 10\n"  # the default, 1, is too short for Let's Encrypt's chains
        f"SSLProxyCACertificateFile {_TRUSTED}\n"
        f"RewriteEngine on\n{rules}"
    )


def htaccess(domain: Domain, host: str) -> str:
    """Rules for an .htaccess file, where passing on is not allowed: they redirect to `host`.

    307 keeps a POST what it is; Outlook asks its user once whether it may follow.
    """
    rules = "".join(
        f"RewriteRule ^{asked}$ https://{host}{answered} [NC,R=307,L]\n"
        for asked, answered in _ROUTES
    )
    return (
        f"# {domain.name}: for the .htaccess of its web space, above all other rules\n"
        f"RewriteEngine on\n{rules}"
    )


def nginx(domain: Domain, host: str) -> str:
    """Locations for the domain's `server` with `listen 443`; they pass requests on to `host`."""
    locations = "".join(
        f"location ~* ^/{asked}$ {{\n"
        f"    rewrite (?i)^/{asked}$ {answered} break;\n"
        f"    proxy_pass https://{host};\n"
        f"    proxy_set_header Host {host};\n"
        "    proxy_ssl_server_name on;\n"
        "    proxy_ssl_verify on;\n"
        f"    proxy_ssl_trusted_certificate {_TRUSTED};\n"
        "    # The request line can contain a mail address.\n"
        "    access_log off;\n"
        "    error_log /dev/null crit;\n"
        "}\n"
        for asked, answered in _ROUTES
    )
    return f"# {domain.name}: for its server block with listen 443\n{locations}"


KINDS: Mapping[str, Callable[[Domain, str], str]] = {
    "apache": apache,
    "htaccess": htaccess,
    "nginx": nginx,
}


def render(kind: str, configuration: Configuration) -> str:
    """Return the rules of one of `KINDS` for each domain, in the order of the inventory."""
    found = (
        (domain, page_host(configuration, domain)) for domain in configuration.domains.values()
    )
    return "\n".join(KINDS[kind](domain, host) for domain, host in found if host)
