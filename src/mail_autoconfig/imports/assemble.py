"""Drafts -> the variables of an inventory, which the validator takes, and what it does not take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..inventory import keys
from ..inventory.fields import Place
from ..inventory.model import PORTS, Settings
from ..inventory.read import ConfigurationError, built_in_providers, parse
from ..inventory.servers import read_servers
from .draft import Draft, Raw

_TEMPLATE = re.compile(r"\{[{%#]")  # Ansible would run what a stranger wrote
_EXAMPLE = "example.com"
_SHORT_NAME = keys.SHARED["short_name"].longest


@dataclass(frozen=True, slots=True)
class Inventory:
    """The variables without `autoconfig_`, and a line for each thing that is not in them."""

    domains: tuple[Raw, ...]
    providers: Mapping[str, Raw]
    left: tuple[str, ...]


def assemble(drafts: Iterable[Draft]) -> Inventory:
    """What the drafts say, as far as the validator takes it.

    Servers that several domains share become a provider, those of a provider that is built in its
    name. Raises ConfigurationError where nothing is left.
    """
    left: list[str] = []
    domains: dict[str, Raw] = {}
    providers: dict[str, Raw] = {}
    for draft in drafts:
        offer = _offer(draft, left)
        names = [name for name in draft.domains if _is_new(name, domains, left)]
        if not offer or not names:
            continue
        if len(names) > 1 and "provider" not in offer:
            provider = _free_name(offer, providers)
            providers[provider] = offer
            offer = {"provider": provider}
        domains |= {name: {"name": name, **offer} for name in names}
    found = Inventory(tuple(domains.values()), providers, tuple(dict.fromkeys(left)))
    if not found.domains:
        raise ConfigurationError([*found.left, "nothing that an inventory can have"])
    parse({"domains": [*found.domains], "providers": providers})
    return found


def _is_new(name: str, domains: Mapping[str, Raw], left: list[str]) -> bool:
    """Whether a domain is legal, and not there already."""
    if name in domains:
        left.append(f"{name}: named twice; its first settings are kept")
        return False
    if problem := _problem({"name": name, "provider": "ovh"}):
        left.append(problem)
        return False
    return True


def _offer(draft: Draft, left: list[str]) -> Raw:
    """The keys of one draft beside the name; empty if none is right."""
    if draft.provider:
        return {"provider": draft.provider}
    servers = [each for raw in draft.servers if (each := _server(raw, left))]
    if not servers:
        return {}
    offer: Raw = {"servers": servers}
    kinds = {each["type"] for each in servers}
    if "smtp" not in kinds and kinds & {"imap", "pop3"}:
        offer["receive_only"] = True
        left.append("there is no SMTP server: receive_only is set; add one if there is one")
    if "smtp" in kinds and not kinds & {"imap", "pop3"}:
        offer["send_only"] = True
        left.append("there is no IMAP or POP3 server: send_only is set; add one if there is one")
    for key, value in _unusual(draft).items():
        if _has_template(value):
            left.append(f"{key}: has the marks of a template, which Ansible would run")
        elif problem := _problem({"name": _EXAMPLE, **offer, key: value}):
            left.append(problem.removeprefix(f"domain {_EXAMPLE}, "))
        else:
            offer[key] = value
    name = _built_in(offer)
    return {"provider": name} if name else offer


def _unusual(draft: Draft) -> Raw:
    """The other keys, without names that a domain has anyway."""
    extras = dict(draft.extras)
    name = extras.get("display_name") or draft.domains[0]
    if extras.get("short_name") == str(name)[:_SHORT_NAME].strip():
        del extras["short_name"]
    if len(draft.domains) == 1 and extras.get("display_name") == draft.domains[0]:
        del extras["display_name"]
    return extras


def _server(raw: Raw, left: list[str]) -> Raw:
    """A server as short as it can be; empty where the validator refuses it."""
    name = f"{raw.get('type')} {raw.get('host') or raw.get('url')}"
    if _has_template(raw):
        left.append(f"{name}: has the marks of a template, which Ansible would run")
        return {}
    problem = _server_problem(raw)
    if problem and "security" in raw:
        without = {key: value for key, value in raw.items() if key != "security"}
        if not _server_problem(without):
            left.append(f"{name}: {problem}; taken is what its port begins with")
            raw, problem = without, ""
    if problem:
        left.append(f"{name}: {problem}")
        return {}
    if "{" not in raw.get("username", "{email}"):
        left.append(f"{name}: user name {raw['username']} for everybody; is it one mailbox's?")
    return _short(raw)


def _short(raw: Raw) -> Raw:
    """Without what is usual: the registered port, the address as user name, a password."""
    found = dict(raw)
    if found["type"] in PORTS:
        (server,), _none = read_servers(Place([], "server"), [raw])
        found["security"] = server.security
        if PORTS[server.type].get(server.security) == server.port:
            found.pop("port", None)
    if found.get("username") == "{email}":
        del found["username"]
    if found.get("authentication") in ("password", ["password"]):
        del found["authentication"]
    order = [*keys.SERVER, *keys.WEB_SERVER]
    return dict(sorted(found.items(), key=lambda item: order.index(item[0])))


def _server_problem(raw: Raw) -> str:
    problems: list[str] = []
    read_servers(Place(problems, "server"), [raw])
    return "; ".join(problem.partition(", ")[2] or problem for problem in problems)


def _problem(entry: Raw) -> str:
    try:
        parse({"domains": [entry]})
    except ConfigurationError as error:
        return error.problems[0]
    return ""


def _has_template(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_template(each) for each in (*value.keys(), *value.values()))
    if isinstance(value, str):
        return bool(_TEMPLATE.search(value))
    return isinstance(value, Sequence) and any(_has_template(each) for each in value)


def _built_in(offer: Raw) -> str:
    """The built-in provider that offers the same under whatever name; empty if none does."""
    (domain,) = parse({"domains": [{"name": _EXAMPLE, **offer}]}).domains.values()
    alike = (
        name for name, each in built_in_providers().items() if _key(each) == _key(domain.settings)
    )
    return next(alike, "")


def _key(its: Settings) -> tuple[object, ...]:
    """What clients end with, in the order of each type."""
    servers = sorted(its.servers, key=lambda server: server.type)
    pages = its.documentation, its.enable, its.webmail, its.oauth2, its.mx
    return (servers, sorted(its.web_servers, key=lambda web: web.type), pages)


def _free_name(offer: Raw, providers: Mapping[str, Raw]) -> str:
    """A name for a provider: of what it calls itself, or of its first server."""
    first = offer["servers"][0]
    words = offer.get("short_name") or offer.get("display_name") or first.get("host", "own")
    base = re.sub(r"[^a-z0-9]+", "_", str(words).lower()).strip("_") or "own"
    taken = {*providers, *built_in_providers()}
    candidates = (base if number == 1 else f"{base}_{number}" for number in range(1, 10_000))
    return next(each for each in candidates if each not in taken)
