"""What another web server in front of nginx has to do, which can't be seen from behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..inventory.hosts import host_of
from ..inventory.model import Configuration
from ..inventory.names import plain_names, served_names

_SHOWN = 40  # host names on one line


def left_to_the_proxy(
    configuration: Configuration, *, sources: bool, certified: bool = False
) -> Iterator[str]:
    """Lines: the host names to pass on, and how to see that it does.

    With sources those of their domains are in no list: there are new ones without a run. They are
    asked for by https too where they are `certified`.
    """
    if names := served_names(configuration):
        yield f"The web server in front passes on, https and http: {_listed(names)}"
    if sources:
        names = tuple(host_of(kind, "*") for kind in ("autodiscover", "autoconfig"))
        by = "https and http" if certified else "http alone"
        yield f"The web server in front passes on, {by}, whatever the domain: {_listed(names)}"
    elif names := plain_names(configuration):
        yield f"The web server in front passes on, http alone: {_listed(names)}"
    domain = next(iter(configuration.domains), "DOMAIN")
    yield (
        "Not verified from outside: run the doctor on any other machine, "
        f"mail-autoconfig doctor user@{domain}"
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return " ".join(names[:_SHOWN]) + (
        f" and {more} more, all in nginx's zz-mail-autoconfig.conf" if more > 0 else ""
    )
