"""What clients end with: of a source's own answer, and of the inventory that is made of it."""

from __future__ import annotations

import yaml

from mail_autoconfig.answers import autoconfig, autodiscover
from mail_autoconfig.doctor import answers
from mail_autoconfig.doctor.data import Exchange, Request, Setting
from mail_autoconfig.imports.assemble import assemble
from mail_autoconfig.imports.draft import Source
from mail_autoconfig.imports.yaml_text import text
from mail_autoconfig.inventory.addresses import parse as parse_address
from mail_autoconfig.inventory.model import Configuration
from mail_autoconfig.inventory.read import parse

Ends = tuple[tuple[Setting, ...], tuple[Setting, ...]]


def inventory(source: Source) -> Configuration:
    """The source's inventory, by way of the file that a user saves."""
    read = yaml.safe_load(text(assemble(source.drafts), "test"))
    return parse({key.removeprefix("autoconfig_"): value for key, value in read.items()})


def by_config(body: bytes, address: str) -> tuple[Setting, ...]:
    """What a client of Autoconfig ends with."""
    return answers.autoconfig(_answer(body), address)


def by_pox(body: bytes, address: str) -> tuple[Setting, ...]:
    """What Outlook ends with."""
    return answers.pox(_answer(body), address).settings


def rendered(configuration: Configuration, address: str) -> tuple[bytes, bytes]:
    """Our answers to an address: Autoconfig's and Autodiscover's."""
    domain = configuration.find(parse_address(address).domain)
    assert domain
    parsed = parse_address(address)
    return autoconfig.render(domain, parsed), autodiscover.render(domain, parsed)


def _answer(body: bytes) -> Exchange:
    return Exchange(Request("GET", "https://x.test/"), 200, "text/xml", body=body)
