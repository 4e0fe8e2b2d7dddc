"""Host names: their one spelling, and which of them a configuration serves."""

from __future__ import annotations

import re
from encodings.idna import nameprep

from . import labels
from .hosts import host_of, record_of
from .model import Configuration, Domain

# IDNA 2003, which Python has, maps these four away; IDNA 2008 and today's clients keep them
# (RFC 5894, section 7.2).
_KEPT = "ß", "ς", "\u200c", "\u200d"
_SPLIT_KEPT = re.compile("([ßς\u200c\u200d])")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490, section 3.1
_LABELS = re.compile(r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?![0-9]+\Z)(?!-)[a-z0-9-]{1,63}(?<!-)")

LONGEST = 253 - len(host_of("autodiscover", ""))
"""Octets of the longest domain that still has an `autodiscover.` name (RFC 1035: 253)."""
LONGEST_PACC = 253 - len(record_of("_ua-auto-config", ""))
"""Octets of the longest domain that still has a `_ua-auto-config.` record."""


class LabelError(ValueError):
    """`label` begins with ``xn--`` and stands for no name."""

    def __init__(self, label: str) -> None:
        super().__init__(f"{label} is no A-label of a host name")
        self.label = label


def normalise(name: str) -> str:
    """Return the lower-case A-label form of a host name, without a final dot.

    Raises ValueError if it is no host name of two labels or more (RFC 1123, RFC 5890), and its
    LabelError if one of them begins with ``xn--`` and there is no such A-label (RFC 5891).
    """
    ascii_name = name.lower() if name.isascii() else ".".join(map(_a_label, _DOTS.split(name)))
    ascii_name = ascii_name.removesuffix(".")
    if len(ascii_name) > 253 or not _LABELS.fullmatch(ascii_name):
        raise ValueError("not a host name")
    for label in ascii_name.split(".") if labels.PREFIX in ascii_name else ():
        if label.startswith(labels.PREFIX) and not labels.is_a_label(label):
            raise LabelError(label)
    return ascii_name


def _a_label(label: str) -> str:
    parts = _SPLIT_KEPT.split(label)
    prepared = "".join(part if part in _KEPT else nameprep(part) for part in parts)
    return prepared if prepared.isascii() else "xn--" + prepared.encode("punycode").decode("ascii")


def written(name: str) -> str:
    """A name in A-label form as people write it."""
    if labels.PREFIX not in name:
        return name
    return ".".join(map(labels.written, name.split(".")))


def served_by_domain(configuration: Configuration) -> dict[str, tuple[str, ...]]:
    """The host names that belong on certificates: domain -> its names, each name once.

    The generic host comes first, as a domain of its own; then the autodiscover and autoconfig names
    of each domain and, where asked for, the domain itself and its ua-auto-config name.
    A domain found by SRV has none, nor has the default entry.
    """
    found: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    if configuration.generic_host:
        found[configuration.generic_host] = (configuration.generic_host,)
        seen.add(configuration.generic_host)
    for domain in configuration.domains.values():
        if domain.discovery == "certificate":
            names = [host_of("autodiscover", domain.name), host_of("autoconfig", domain.name)]
            if domain.apex:
                names.append(domain.name)
            if domain.pacc:
                names.append(host_of("ua-auto-config", domain.name))
            own = tuple(name for name in names if name not in seen)
            if own:
                found[domain.name] = found.get(domain.name, ()) + own
                seen.update(own)
    return found


def served_names(configuration: Configuration) -> tuple[str, ...]:
    """All of :func:`served_by_domain`, in the order of the inventory."""
    return tuple(name for names in served_by_domain(configuration).values() for name in names)


def autodiscover_host(configuration: Configuration, domain: Domain) -> str:
    """The host name at which Outlook finds this server over https for `domain`."""
    if domain.discovery == "certificate":
        return host_of("autodiscover", domain.name)
    if configuration.generic_host:
        return configuration.generic_host
    # Without a generic host each listed domain has names of its own.
    return host_of("autodiscover", next(iter(configuration.domains), domain.name))


def plain_names(configuration: Configuration) -> tuple[str, ...]:
    """The host names to answer over plain http alone: those of the domains found by SRV."""
    served = frozenset(served_names(configuration))
    return tuple(
        name
        for domain in configuration.domains.values()
        if domain.discovery == "srv"
        for name in (host_of("autodiscover", domain.name), host_of("autoconfig", domain.name))
        if name not in served
    )


def secure_host(configuration: Configuration, host: str) -> str | None:
    """The host name that answers by https what was asked at `host` by http; None for a stranger."""
    if host == configuration.generic_host:
        return host
    domain = configuration.find_by_host(host)
    if domain is None:
        return None
    own = configuration.listed(domain.name)
    return host if own and own.discovery == "certificate" else configuration.generic_host


def page_host(configuration: Configuration, domain: Domain) -> str | None:
    """The host name at which people find the page for `domain` by https."""
    if domain.discovery == "certificate":
        return host_of("autoconfig", domain.name)
    return configuration.generic_host
