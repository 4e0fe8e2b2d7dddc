"""What a user may write of a source: each key once, and which types of sources have it.

The table of docs/sources.md is compared with this. The standard library alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..inventory import keys
from ..inventory.keys import Key

TYPES = "sql", "ldap", "http", "file", "command"

SOURCE: Mapping[str, Key] = {
    "name": Key(
        "text", "how it is called: lower-case letters, digits, `_`, `-`", required=True, longest=40
    ),
    "type": Key("choice", "how it is read", TYPES, required=True),
    "url": Key(
        "text",
        "where it is: `postgresql://reader@db.example.com/postfix`, `mysql://…`, "
        "`sqlite:////PATH`, `ldaps://ldap.example.com/dc=example,dc=com`, `https://…`; never with "
        "a password",
    ),
    "user": Key("text", "who logs in: a DN or a name; the password is a secret"),
    "path": Key("text", "the directory of a preset's files"),
    "preset": Key("text", "whose tables, attributes or files they are"),
    "domains": Key("mapping", "an own query for domains"),
    "alias_domains": Key("mapping", "an own query for alias domains and their targets"),
    "logins": Key(
        "mapping",
        "`true`: log-in names too, by the preset's queries; or an own query for addresses and "
        "log-in names. Default: none",
    ),
    "aliases": Key("mapping", "an own query for alias addresses and the mailboxes they lead to"),
    "every": Key("number", "seconds between two readings [60]", smallest=10, largest=86400),
    "timeout": Key("number", "seconds that a reading may take [60]", smallest=1, largest=3600),
    "limit": Key(
        "number", "rows that all its queries may give [2000000]", smallest=1, largest=100_000_000
    ),
    "shrink": Key("text", "the share by which it may shrink at once, from 0 to 1 [0.33]"),
    "tls": Key("flag", "`false`: no TLS to another host; to this one none is asked for [true]"),
    "tls_ca": Key("text", "a file of certificate authorities, in place of the system's"),
    "token_header": Key("text", "the header for the secret's token [Authorization: Bearer]"),
    "domain": Key("mapping", "keys of each of its domains, as in `autoconfig_domains`"),
}
"""The keys of an entry of `autoconfig_sources`."""

_NETWORK = "sql", "ldap", "http"
FOR: Mapping[str, tuple[str, ...]] = {
    "url": _NETWORK,
    "tls": _NETWORK,
    "tls_ca": _NETWORK,
    "user": ("ldap", "http"),
    "token_header": ("http",),
    "path": ("file",),
}
"""The types that a key is for, where not for all."""

DEFAULTS: Mapping[str, Key] = {
    name: key for name, key in keys.DOMAIN.items() if name not in ("name", "usernames", "aliases")
}
"""The keys of `domain`."""

_JSON = "items", "where"
QUERIES: Mapping[str, tuple[str, ...]] = {
    "ldap": ("base", "scope", "filter"),
    "http": ("path", *_JSON, "next"),
    "file": ("path", "optional", "named", "pattern", "separator", *_JSON),
    "command": ("command", "pattern", "separator", *_JSON),
}
"""The keys of a query beside its columns; one of SQL is a text."""

SECRETS: Mapping[str, tuple[str, ...]] = {"password": _NETWORK, "token": ("http",)}
"""The keys of a source's secret, and the types that each is for."""
