"""Redirects of Autodiscover from which no client comes back with settings are refused."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from . import names
from .fields import Place
from .model import DEFAULT, Configuration, Domain


def check(problems: list[str], configuration: Configuration) -> None:
    """Find redirects that go in a circle, or that lead to a domain that redirects too."""
    entries = dict(configuration.domains)
    if configuration.default:
        entries[DEFAULT] = configuration.default
    own = {*names.served_names(configuration), *names.plain_names(configuration)}
    said: set[str] = set()  # domains of circles
    for domain in entries.values():
        place = Place(problems, f"domain {domain.written}")["redirect"]
        redirect = domain.settings.redirect
        if redirect and redirect.kind == "url":
            _check_url(place["url"], domain, redirect.target, own)
        elif redirect and domain.written not in said:
            said |= _check_way(place, _way(domain, entries))


def _check_url(place: Place, domain: Domain, url: str, own: set[str]) -> None:
    """Outlook sends the same address to the URL, and here the address decides the answer."""
    try:
        parts = urlsplit(url)
        host, port = names.normalise(parts.hostname or ""), parts.port
    except ValueError:  # said already
        return
    if host in own and port in (None, 443):
        place.problem(
            f"a circle: {domain.written} → {host} → {domain.written}; "
            "this inventory serves that host itself, so name another server's URL"
        )


def _check_way(place: Place, way: list[str]) -> set[str]:
    """The domains of the circle that begins `way`, if there is one."""
    if way[0] in way[1:]:
        place.problem(f"a circle: {' → '.join(way)}; name the final domain")
        return {*way}
    if len(way) > 1:
        place.problem(f"redirects to {way[1]}, which redirects too; name the final domain")
    return set()


def _way(domain: Domain, entries: Mapping[str, Domain]) -> list[str]:
    """`domain` and those that redirect after it, as written, to the first that comes twice."""
    way = [domain.written]
    found = _target(domain, entries)
    while found and found.settings.redirect:
        way.append(found.written)
        if found.written in way[:-1]:
            break
        found = _target(found, entries)
    return way


def _target(domain: Domain, entries: Mapping[str, Domain]) -> Domain | None:
    """The entry of the domain to whose addresses `domain` redirects."""
    redirect = domain.settings.redirect
    if redirect is None or redirect.kind == "url":
        return None
    target = redirect.target.rpartition("@")[2].replace("{domain}", domain.name)
    try:
        return entries.get(names.normalise(target))
    except ValueError:  # said already, or the default entry's
        return domain if target == DEFAULT else None
