"""What a user may write: each key once, with its type, its choices and what it means.

The validator takes its keys, choices and limits from here. docs/inventory.py makes the tables of
docs/inventory.md and the JSON schema for editors of the same. The standard library alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from .model import Authentication, Discovery, Protocol, Security, WebProtocol

Kind = Literal[
    "text",
    "flag",
    "number",
    "days",
    "choice",
    "choices",
    "words",
    "pattern",
    "address",
    "host",
    "hosts",
    "url",
    "url_pattern",
    "xml",
    "mapping",
    "list",
    "servers",
    "texts",
    "logins",
    "aliases",
    "named",
    "image",
]
"""The type of a value.

`choice` is one of the words, `choices` one or a list of them, `words` are any. `pattern` is a user
name with placeholders; `address` and `url_pattern` may contain them too. `mapping` has `fields`,
`list` is one of such mappings, `named` maps names to them. `texts` maps languages to texts,
`logins` local parts to user names, `aliases` local parts to addresses. `days` is true, false, or a
number. `image` is a file on the controller.
"""


LONGEST = 1000
"""Characters of a text, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `description` is Markdown, `smallest` and `largest` are of a number or of days.

    `longest` is in characters; `fields` are those of a mapping, or of each entry of a list.
    """

    kind: Kind
    description: str
    choices: tuple[str, ...] = ()
    required: bool = False
    longest: int = LONGEST
    smallest: int = 0
    largest: int = 0
    fields: Mapping[str, Key] | None = None


USERNAME = Key(
    "pattern",
    "the user name: `{email}` (default), `{localpart}`, or a pattern of them and `{domain}` such "
    "as `'AD\\{localpart}'`; `{ask}` alone: the client asks its user",
)
_METHODS = "one or more, in order; `password` by default"

SERVER: Mapping[str, Key] = {
    "type": Key("choice", "the protocol", get_args(Protocol), required=True),
    "host": Key("host", "the host name; it may contain `{domain}`", required=True),
    "port": Key(
        "number",
        "by default the registered port of `security`: imap 993 and 143, pop3 995 and 110, smtp "
        "465 and 587, managesieve 4190",
        smallest=1,
        largest=65535,
    ),
    "security": Key(
        "choice",
        "`tls` is TLS from the first byte, `starttls` begins in plain text, `none` stays so. By "
        "default that of the registered port, without a port `tls` (managesieve: `starttls`). A "
        "port that is not registered needs it",
        get_args(Security),
    ),
    "username": USERNAME,
    "authentication": Key(
        "choices", f"{_METHODS}. `none` is for SMTP without log-in", get_args(Authentication)
    ),
    "path_prefix": Key("text", "imap: the folder above all others, such as `INBOX`", longest=100),
    "leave_on_server": Key(
        "days",
        "pop3: whether mail stays on the server; a number of days after which it goes",
        smallest=1,
        largest=3650,
    ),
}
"""A server with a host and a port."""

WEB_SERVER: Mapping[str, Key] = {
    "type": Key("choice", "the protocol", get_args(WebProtocol), required=True),
    "url": Key(
        "url_pattern", "`https://…`; it may contain `{email}`, `{localpart}`, `{domain}`",
        required=True,
    ),
    "username": USERNAME,
    "authentication": Key(
        "choices", _METHODS, tuple(each for each in get_args(Authentication) if each != "none")
    ),
    "principal": Key(
        "flag",
        "caldav, carddav: `true` if `url` is that of the user's principal (RFC 5397); without it, "
        "clients search from the host on",
    ),
}  # fmt: skip
"""A service behind a URL."""

PAGE: Mapping[str, Key] = {
    "url": Key("url", "`https://…`", required=True),
    "text": Key("texts", "what the page is for, by language: `{en: …, de: …}`", required=True),
}

REDIRECT: Mapping[str, Key] = {
    "address": Key("address", 'the address to ask for, such as `"{localpart}@example.net"`'),
    "url": Key("url", "another Autodiscover service, `https://…`"),
}

OAUTH2: Mapping[str, Key] = {
    "issuer": Key("text", "as the provider names it", required=True),
    "scope": Key("words", "one or a list", required=True),
    "auth_url": Key("url", "`https://…`", required=True),
    "token_url": Key("url", "`https://…`", required=True),
    "client_id": Key("text", "if there is one for all clients"),
}

WEBMAIL: Mapping[str, Key] = {
    "login_page": Key("url", "`https://…`", required=True),
}

CONTACT: Mapping[str, Key] = {
    "name": Key("text", "who helps, such as `Acme IT`", longest=60),
    "email": Key("text", "a mail address", longest=254),
    "phone": Key("text", "a telephone number, as people read it", longest=40),
    "url": Key("url", "a page for help, `https://…`"),
}

SHARED: Mapping[str, Key] = {
    "display_name": Key("text", "the name that clients show", longest=60),
    "short_name": Key("text", "the same where room is scarce", longest=20),
    "servers": Key("servers", "the servers; the first of a type is the preferred one"),
    "receive_only": Key(
        "flag", "`true`: there is no SMTP server, and that is meant; clients are set up by hand"
    ),
    "send_only": Key("flag", "`true`: there is no IMAP or POP3 server, and that is meant"),
    "redirect": Key(
        "mapping",
        "Autodiscover redirects to elsewhere in place of giving settings: `{url: https://…}` to "
        "another Autodiscover service, as microsoft365 does, or `{address: "
        '"{localpart}@example.net"}` to '
        "another address. Autoconfig still gives settings, with the new address as user name. "
        "A circle is refused: to a domain that redirects too, or to a URL of a host that this "
        "inventory serves itself",
        fields=REDIRECT,
    ),
    "ttl_hours": Key(
        "number",
        "how long Outlook keeps its settings. 0 is for ever; without the key Outlook keeps them "
        "for 1 hour",
        largest=8760,
    ),
    "oauth2": Key(
        "mapping",
        "the authorization server, for `authentication: oauth2`: `issuer`, `scope` (one "
        "or a list), `auth_url`, `token_url`, and `client_id` if there is one for all clients",
        fields=OAUTH2,
    ),
    "documentation": Key(
        "list", "help pages: a list of `{url: https://…, text: {en: …, de: …}}`", fields=PAGE
    ),
    "enable": Key(
        "mapping",
        "the page where a user must allow access first: `{url: https://…, text: {en: …}}`",
        fields=PAGE,
    ),
    "webmail": Key("mapping", "`{login_page: https://…}`", fields=WEBMAIL),
    "logo": Key(
        "image",
        "the logo above the page for people: a file on the controller; SVG, PNG, JPEG or WebP, 48 "
        "KiB at most. In place of `autoconfig_page_logo`",
    ),
    "contact": Key(
        "mapping",
        "who helps, on the page for people, in place of `autoconfig_page_contact`: one or more of "
        "`name`, `email`, `phone`, `url`",
        fields=CONTACT,
    ),
    "mx": Key("hosts", "the domains of the provider's MX servers"),
    "autodiscover_xml": Key(
        "xml",
        "your own elements for the end of Autodiscover's `Account`. They may contain `{email}`, "
        "`{localpart}` and `{domain}`",
    ),
    "autoconfig_xml": Key("xml", "the same for the end of Autoconfig's `clientConfig`"),
}
"""Keys of a provider, and of a domain in place of its provider's."""

PROVIDER: Mapping[str, Key] = {
    **SHARED,
    "autodiscover": Key("flag", "`false`: Autodiscover gives no settings (error 501)"),
    "source": Key("text", "where the figures are from; for people"),
}

OWN: Mapping[str, Key] = {
    "name": Key(
        "host",
        "the mail domain, also with non-ASCII letters. `*` answers for each domain that is not "
        "listed",
        required=True,
    ),
    "provider": Key("text", "a built-in one, or one of `autoconfig_providers`"),
    "discovery": Key(
        "choice",
        "`certificate` (default): the domain's own names are on the server's certificates "
        "([certificates.md](certificates.md)). `srv`: the domain has no names there. Clients find "
        "`autoconfig_generic_host` by the record `_autodiscover._tcp`, by plain http or by their "
        "MX",
        get_args(Discovery),
    ),
    "apex": Key(
        "flag",
        "`true`: also answer at the domain itself. Its address must point to this server, and no "
        "other site of its nginx may have that name",
    ),
    "pacc": Key(
        "flag",
        "`true`: also answer at `ua-auto-config.example.com` (PACC, an Internet-Draft of 2026)",
    ),
    "mailconf": Key(
        "flag",
        "`true`: show a TXT record `mailconf=https://…` too, for the few clients that read it. It "
        "has the name and type of other records, such as SPF, so it is never pushed",
    ),
}
"""Keys of a domain that change no setting."""

DOMAIN: Mapping[str, Key] = {
    **OWN,
    "username": USERNAME,
    "usernames": Key(
        "logins",
        "user names of single mailboxes, by local part: `{info: m0815}`; they win over `username`",
    ),
    "aliases": Key(
        "aliases",
        "other addresses of single mailboxes, by local part: `{anna: [a.schmidt@example.com]}`",
    ),
    **SHARED,
}

TOP: Mapping[str, Key] = {
    "domains": Key("list", "your mail domains", required=True, fields=DOMAIN),
    "providers": Key("named", "mail servers that are not built in, by name", fields=PROVIDER),
    "generic_host": Key(
        "host", "the host that answers for domains that have no names on the certificates"
    ),
}
"""The variables of the inventory, without `autoconfig_`."""
