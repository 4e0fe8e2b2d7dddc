"""Who needs a generic host, where there is none: domains without host names of their own."""

from __future__ import annotations

from .fields import Place
from .model import Configuration, Domain


def check(problems: list[str], configuration: Configuration, *, more: bool) -> None:
    """Say which entry needs one; `more` domains come from sources, which are found by SRV."""
    if needy := _first_without_names(configuration):
        subject = f"domain {needy.written}"
    elif more:
        subject = "autoconfig_sources"
    else:
        return
    Place(problems, subject).problem(
        "has no names of its own; set autoconfig_generic_host to the host that answers for it"
    )


def _first_without_names(configuration: Configuration) -> Domain | None:
    """The first entry of which no host name of its own is served."""
    domains = configuration.domains.values()
    if not domains:
        return configuration.default
    return next((each for each in domains if each.discovery == "srv"), None)
