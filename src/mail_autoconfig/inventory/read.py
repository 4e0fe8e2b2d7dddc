"""The validator: raw mappings -> `model.Configuration`, or every problem at once.

Standard library alone: it runs on the controller, before a host changes, and on the host.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from . import clients, fields, generic, keys, names, redirects
from .extras import (
    moved,
    read_documentation,
    read_enable,
    read_mx,
    read_oauth2,
    read_redirect,
    read_ttl,
    read_webmail,
    read_xml,
)
from .fields import ConfigurationError, Place
from .look import read_contact, read_logo, read_look
from .mailboxes import read_aliases, read_usernames
from .model import DEFAULT, Configuration, Discovery, Domain, Settings
from .servers import read_servers

__all__ = ["ConfigurationError", "built_in_providers", "parse"]

_TOP_KEYS = (*keys.TOP, "page", "sources")


def parse(raw: Any, *, sources: bool = False) -> Configuration:
    """Check a raw configuration and resolve it.

    Keys: `domains`, a list (`autoconfig_domains`); `providers`, a mapping of provider definitions
    that come before the built-in ones of the same name; `generic_host`, a host name; `page`, a
    mapping with `logo`, `texts` and `contact`. `sources`, a key too: domains come from elsewhere,
    so there may be none here. Raises ConfigurationError with all problems.
    """
    if not isinstance(raw, Mapping):
        raise ConfigurationError([f"configuration: {fields.shown(raw)} is not a mapping"])
    problems: list[str] = []
    fields.check_keys(Place(problems, "configuration"), raw, _TOP_KEYS)
    providers = read_providers(problems, raw.get("providers") or {})
    generic_host = None
    if raw.get("generic_host"):
        place = Place(problems, "autoconfig_generic_host")
        generic_host = fields.host_name(place, raw["generic_host"])
    look = read_look(problems, raw.get("page"))
    listed = Place(problems, "autoconfig_domains")
    sources = sources or bool(raw.get("sources"))
    if not raw.get("domains") and not sources:
        listed.problem("no domain; name at least one")
    domains = _domains(listed, raw.get("domains") or [], providers)
    default = domains.pop(DEFAULT, None)
    configuration = Configuration(domains, default, generic_host, look)
    if not raw.get("generic_host"):
        generic.check(problems, configuration, more=bool(raw.get("sources")))
    redirects.check(problems, configuration)
    if problems:
        raise ConfigurationError(problems)
    every = (*domains.values(), *([default] if default else []))
    return replace(configuration, warnings=clients.warnings(every))


@cache
def built_in_providers() -> Mapping[str, Settings]:
    """The providers that come with the package, by name."""
    problems: list[str] = []
    providers = {}
    for entry in sorted(files(__package__).joinpath("providers").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            name = entry.name.removesuffix(".toml")
            raw = tomllib.loads(entry.read_text("utf-8"))
            providers[name] = _provider(Place(problems, f"provider {name}"), raw)
    if problems:
        raise ConfigurationError(problems)
    return providers


def read_providers(problems: list[str], raw: Any) -> Mapping[str, Settings]:
    """The built-in providers and the user's own, by name."""
    if not isinstance(raw, Mapping):
        Place(problems, "autoconfig_providers").problem("not a mapping of names to providers")
        return built_in_providers()
    own = {
        str(name): _provider(Place(problems, f"provider {name}"), definition)
        for name, definition in raw.items()
    }
    return {**built_in_providers(), **own}


def _provider(place: Place, raw: Any) -> Settings:
    if not isinstance(raw, Mapping):
        place.problem(f"{fields.shown(raw)} is not a mapping")
        raw = {"servers": []}
    else:
        fields.check_keys(place, raw, keys.PROVIDER)
        fields.text(place, raw, "source")
    servers, web_servers = read_servers(place["servers"], raw.get("servers"))
    autodiscover = fields.flag(place, raw, "autodiscover", default=True)
    return _shared(place, raw, Settings(None, None, servers, web_servers, autodiscover))


def _domains(place: Place, raw: Any, providers: Mapping[str, Settings]) -> dict[str, Domain]:
    """The domains by their A-label names, the default entry among them."""
    if not fields.is_list(raw):
        place.problem("not a list of domains")
        return {}
    domains: dict[str, Domain] = {}
    for definition in raw:
        domain = read_domain(place, definition, providers)
        if domain is None:
            continue
        if domain.name in domains:
            Place(place.problems, f"domain {domain.written}").problem("listed twice; remove one")
        domains[domain.name] = domain
    return domains


def read_domain(listed: Place, raw: Any, providers: Mapping[str, Settings]) -> Domain | None:
    """One domain; None where it has no name that could be one."""
    if isinstance(raw, str):
        listed.problem(f"{fields.shown(raw)} is not a mapping; write {{name: {raw}, provider: …}}")
        return None
    if not isinstance(raw, Mapping):
        listed.problem(f"{fields.shown(raw)} is not a mapping")
        return None
    if "name" not in raw:
        here = Place(listed.problems, f"{listed.subject}, {fields.shown(raw)}")
        here.problem("no name; write {name: example.com, provider: …}")
        fields.check_keys(here, raw, keys.DOMAIN)
        return None
    written = raw["name"]
    name = written if written == DEFAULT else fields.host_name(listed, written)
    if name is None:
        return None
    place = Place(listed.problems, f"domain {written}")
    if len(name) > names.LONGEST:
        place.problem(f"longer than {names.LONGEST} octets: no room for autodiscover. before it")
    fields.check_keys(place, raw, keys.DOMAIN)
    usual = "srv" if name == DEFAULT else "certificate"
    discovery: Discovery = fields.choice(
        place, raw, "discovery", keys.OWN["discovery"].choices, usual
    )
    apex = fields.flag(place, raw, "apex", default=False)
    pacc = fields.flag(place, raw, "pacc", default=False)
    _check_names(place, raw, name, discovery)
    settings = _settings(place, raw, providers)
    _check_sides(place, raw, settings)
    mailconf = fields.flag(place, raw, "mailconf", default=False)
    return Domain(str(name), str(written), settings, discovery, apex, pacc, mailconf)


def _check_sides(place: Place, raw: Mapping[str, Any], settings: Settings) -> None:
    """Find what can only receive or send, in the provider's place where the domain adds nothing."""
    provider = f"provider {raw.get('provider')}"
    if not raw.keys() & {"servers", "receive_only", "send_only"}:
        place = Place(place.problems, provider)
    own = Place([], place.subject)
    clients.check_sides(own, settings)
    if (
        not place["servers"].has_problem
        and not Place(place.problems, provider)["servers"].has_problem
    ):
        place.problems.extend(own.problems)


def _check_names(place: Place, raw: Mapping[str, Any], name: str, discovery: Discovery) -> None:
    """Find keys about a domain's names that can have no effect, and a name that is too long."""
    if name == DEFAULT:
        for key in ("discovery", "apex", "pacc", "mailconf"):
            if key in raw:
                place[key].problem("the default entry has no names of its own; remove this key")
        for key in ("usernames", "aliases"):
            if key in raw:
                place[key].problem("the default entry has no mailboxes of its own; remove this key")
    elif discovery == "srv":
        for key in ("apex", "pacc", "mailconf"):
            if raw.get(key):
                place[key].problem("no effect with discovery: srv; remove one of the two")
    elif raw.get("pacc") and len(name) > names.LONGEST_PACC:
        place["pacc"].problem(
            f"name longer than {names.LONGEST_PACC} octets: no room for _ua-auto-config. before it"
        )


def _settings(place: Place, raw: Mapping[str, Any], providers: Mapping[str, Settings]) -> Settings:
    """A domain's settings: its provider's, with what the domain itself says in their place."""
    settings = Settings(None, None, (), (), autodiscover=True)
    provider = raw.get("provider")
    if provider is None:
        if "servers" not in raw:
            place.problem("neither provider nor servers; give one of them")
    elif isinstance(provider, str) and provider in providers:
        settings = providers[provider]
    else:
        built_in = ", ".join(built_in_providers())
        place["provider"].problem(
            f"no provider {fields.shown(provider)}{fields.did_you_mean(provider, providers)} "
            f"Built in: {built_in}"
        )
    if raw.keys() <= keys.OWN.keys():
        return settings  # one object for all domains of a provider

    if "servers" in raw:
        servers, web_servers = read_servers(place["servers"], raw["servers"])
        # All that the provider says beside its names is about its own servers.
        kept = settings.display_name, settings.short_name
        settings = Settings(*kept, servers, web_servers, autodiscover=True)
    if "username" in raw:
        name, ask = fields.username(place, raw)
        settings = replace(
            settings,
            servers=tuple(replace(each, username=name, ask=ask) for each in settings.servers),
            web_servers=tuple(replace(e, username=name, ask=ask) for e in settings.web_servers),
        )
    settings = _shared(place, raw, settings)
    return replace(settings, usernames=read_usernames(place, raw), aliases=read_aliases(place, raw))


def _shared(place: Place, raw: Mapping[str, Any], base: Settings) -> Settings:
    """What both a provider and a domain can say, in place of what `base` says."""
    display_name = fields.text(
        place, raw, "display_name", longest=keys.SHARED["display_name"].longest
    )
    short_name = fields.text(place, raw, "short_name", longest=keys.SHARED["short_name"].longest)
    ttl_hours = read_ttl(place, raw, base.ttl_hours)
    redirect = read_redirect(place, raw)
    if redirect and redirect.kind == "address":
        base = moved(base, redirect.target)
    return replace(
        base,
        display_name=display_name or base.display_name,
        short_name=short_name or base.short_name,
        receive_only=fields.flag(place, raw, "receive_only", default=base.receive_only),
        send_only=fields.flag(place, raw, "send_only", default=base.send_only),
        redirect=redirect or base.redirect,
        ttl_hours=ttl_hours,
        oauth2=read_oauth2(place, raw) or base.oauth2,
        documentation=read_documentation(place, raw, base.documentation),
        enable=read_enable(place, raw, base.enable),
        webmail=read_webmail(place, raw) or base.webmail,
        logo=read_logo(place, raw, base.logo),
        contact=read_contact(place, raw, base.contact),
        mx=read_mx(place, raw, base.mx),
        autodiscover_xml=read_xml(place, raw, "autodiscover_xml", base.autodiscover_xml),
        autoconfig_xml=read_xml(place, raw, "autoconfig_xml", base.autoconfig_xml),
    )
