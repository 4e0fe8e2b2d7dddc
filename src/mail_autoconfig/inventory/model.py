"""The data model: what the validator makes, and what names, answers and checks read.

Everything is resolved when the configuration is loaded (provider, overrides, defaults), so that an
answer needs one look-up in a dict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from .hosts import domain_of

Protocol = Literal["imap", "pop3", "smtp", "managesieve"]
WebProtocol = Literal["caldav", "carddav", "webdav", "jmap", "activesync"]
Security = Literal["tls", "starttls", "none"]
Authentication = Literal["password", "password_encrypted", "oauth2", "gssapi", "none"]
Discovery = Literal["certificate", "srv"]

PORTS: Mapping[Protocol, Mapping[Security, int]] = {
    "imap": {"tls": 993, "starttls": 143, "none": 143},
    "pop3": {"tls": 995, "starttls": 110, "none": 110},
    "smtp": {"tls": 465, "starttls": 587, "none": 587},
    "managesieve": {"starttls": 4190, "none": 4190},
}
"""The registered port of each security (RFC 8314, section 3; RFC 6409; RFC 5804, section 1.8)."""

RELAY = 25
"""SMTP's own port (RFC 5321), where some servers take mail of their users too, by STARTTLS."""

DEFAULT = "*"
"""The name of the entry that answers for each domain that is not listed."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server with a host name and a port.

    `host` may contain `{domain}`; `username` may contain `{email}`, `{localpart}` and `{domain}`.
    `security`: tls is TLS from the first byte (RFC 8314), starttls begins in plain text.
    `authentication` is ordered: the first that a client knows wins; none is SMTP without log-in.
    `ask`: the client has to ask for the user name, and `username` is for those that can't.
    `path_prefix` is IMAP's folder above all others. `leave_on_server` is of POP3: whether mail
    stays there, or for how many days (None: as the client has it).
    """

    type: Protocol
    host: str
    port: int
    security: Security
    username: str
    authentication: tuple[Authentication, ...]
    ask: bool = False
    path_prefix: str | None = None
    leave_on_server: int | None = None

    def host_for(self, domain: str) -> str:
        """The host name for users of `domain` (A-label form)."""
        return self.host.replace("{domain}", domain)


@dataclass(frozen=True, slots=True)
class WebServer:
    """One service behind an https URL; `url` may contain the placeholders of `username`.

    `principal`: `url` is that of the user's principal (RFC 5397), of caldav and carddav alone.
    """

    type: WebProtocol
    url: str
    username: str
    authentication: tuple[Authentication, ...]
    ask: bool = False
    principal: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where Autodiscover sends a client in place of settings.

    `kind` address: `target` is the address to ask for, a pattern as `username` is one; url: the
    https URL of another Autodiscover service.
    """

    kind: Literal["address", "url"]
    target: str


@dataclass(frozen=True, slots=True)
class OAuth2:
    """The authorization server of a provider (RFC 6749); without `client_id` a client has its own.

    `scope` has all scopes, separated by spaces; both URLs are https.
    """

    issuer: str
    scope: str
    auth_url: str
    token_url: str
    client_id: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page for people; `texts` says what it is for, as pairs of language (BCP 47) and text."""

    url: str
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """Who helps people; `url` is an https URL. What there is not is empty."""

    name: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What a provider offers; domains without overrides of their own share one object.

    Compared by identity, so that a domain is a cheap key of a cache.

    `servers` and `web_servers` are ordered: the first of a type is what clients should take.
    `autodiscover` is False where IMAP settings would break the real set-up (Exchange).
    Names are at most 60 and 20 characters long (Mozilla's config-v1.1).
    `redirect` is followed by Autodiscover alone; `ttl_hours` is how long Outlook keeps its settings
    (None: its default, 1; 0: for ever). `enable` is the page where a user has to allow access
    first, `webmail` the URL of the page to log in at, `mx` the domains of the MX servers.
    `logo` (a data: URL or empty) and `contact` are for the page for people, in place of `Look`'s.
    `receive_only` and `send_only`: there is no SMTP, or nothing but SMTP, and that is meant.
    `usernames` maps local parts in lower case to user names, `aliases` to other addresses.
    `autodiscover_xml` and `autoconfig_xml` are well-formed elements for the end of `Account` and of
    `clientConfig`; they may contain the placeholders of `username`.
    """

    display_name: str | None
    short_name: str | None
    servers: tuple[Server, ...]
    web_servers: tuple[WebServer, ...]
    autodiscover: bool
    redirect: Redirect | None = None
    ttl_hours: int | None = None
    oauth2: OAuth2 | None = None
    documentation: tuple[Page, ...] = ()
    enable: Page | None = None
    webmail: str | None = None
    logo: str = ""
    contact: Contact | None = None
    mx: tuple[str, ...] = ()
    autodiscover_xml: str = ""
    autoconfig_xml: str = ""
    receive_only: bool = False
    send_only: bool = False
    usernames: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def mail_servers(self) -> tuple[Server, ...]:
        """The servers that a mail account is made of."""
        return _mail_servers(self)

    @property
    def active_sync(self) -> WebServer | None:
        """The preferred Exchange ActiveSync server."""
        return next((web for web in self.web_servers if web.type == "activesync"), None)


@lru_cache(maxsize=1024)
def _mail_servers(settings: Settings) -> tuple[Server, ...]:
    return tuple(server for server in settings.servers if server.type != "managesieve")


@dataclass(slots=True, unsafe_hash=True)  # frozen by use; frozen=True takes half of a look-up
class Domain:
    """A mail domain: `name` in lower-case A-label form, `written` as the inventory has it.

    `apex`: the domain itself is served too. `pacc`: so is its ua-auto-config name. `mailconf`: a
    TXT record of the domain has the URL of Autoconfig's document.
    `has_logins`: a source gave log-in names of single mailboxes; `login` is that of the one mailbox
    that was asked for, if it has one.
    """

    name: str
    written: str
    settings: Settings
    discovery: Discovery
    apex: bool
    pacc: bool
    mailconf: bool = False
    has_logins: bool = False
    login: str | None = None

    def own_login(self, localpart: str) -> str | None:
        """What one mailbox logs in as, if that is not what the pattern says."""
        return self.settings.usernames.get(localpart.lower()) or self.login

    def service_url(self, kind: WebProtocol) -> str | None:
        """The URL of the preferred service of a kind, if it is the same for all users."""
        found = next((web for web in self.settings.web_servers if web.type == kind), None)
        url = found.url.replace("{domain}", self.name) if found else "{"
        return None if "{" in url else url

    @property
    def has_room(self) -> bool:
        """Whether each host name is short enough (RFC 1035).

        Not so where the default entry puts a long name into a pattern.
        """
        return len(self.name) <= _longest(self.settings)

    @property
    def display_name(self) -> str:
        """The name that clients show, at most 60 characters."""
        return self.settings.display_name or self.written[:60]

    @property
    def short_name(self) -> str:
        """The name that clients show where room is scarce, at most 20 characters."""
        return self.settings.short_name or self.display_name[:20].strip()


@lru_cache(maxsize=1024)
def _longest(settings: Settings) -> int:
    """Octets of the longest domain that leaves room in each host name."""
    patterns = [each.host for each in settings.mail_servers if "{domain}" in each.host]
    return min(
        ((253 - len(host.replace("{domain}", ""))) // host.count("{domain}") for host in patterns),
        default=253,
    )


@dataclass(frozen=True, slots=True)
class Look:
    """What is the user's own on the page for people.

    `logo` is a data: URL or empty; `contact` is who helps; `texts` maps languages to those texts of
    the page that are not the usual ones, by key. A language that the page does not come with has
    all of them.
    """

    logo: str = ""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that one server answers for.

    `domains` maps the A-label name to its domain, in the order of the inventory; `default` is the
    `*` entry; `generic_host` is the one host whose certificate serves the domains found by SRV.
    `digest` is the SHA-256 of the file it was read from, in hexadecimal: which one is in force.
    `warnings` has a line for each thing that is right and yet not read by some client.
    `elsewhere` finds domains that do not stand in the inventory, by name and local part.
    """

    domains: Mapping[str, Domain]
    default: Domain | None
    generic_host: str | None
    look: Look = field(default_factory=Look)
    digest: str = ""
    warnings: tuple[str, ...] = ()
    elsewhere: Callable[[str, str], Domain | None] | None = None

    def find(self, name: str, localpart: str = "") -> Domain | None:
        """The entry for a domain in lower-case A-label form; the default takes the asked name.

        With a local part it has the log-in name of that mailbox, if a source gave one.
        """
        return self.listed(name, localpart) or self._default(name)

    def find_by_host(self, host: str) -> Domain | None:
        """The entry for a `Host` in lower-case A-label form: one of `hosts.HOSTS`, or a domain."""
        domain = domain_of(host)
        if domain is None:
            return self.find(host)
        return self.listed(domain) or self.listed(host) or self._default(domain)

    def listed(self, name: str, localpart: str = "") -> Domain | None:
        """The entry for a domain, as :meth:`find`, but never the default one."""
        found = self.domains.get(name)
        if found is None and self.elsewhere:
            return self.elsewhere(name, localpart)
        return found

    def _default(self, name: str) -> Domain | None:
        return self.default and replace(self.default, name=name, written=name)

    def __len__(self) -> int:
        """The number of entries, the default one included."""
        return len(self.domains) + (self.default is not None)
