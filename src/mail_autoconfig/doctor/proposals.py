"""The text to paste where clients find nothing, or nothing that they can read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address

from ..answers import autoconfig, autodiscover
from ..formats.words import CONFIG_PATH, POX_PATH, WELL_KNOWN_CONFIG_PATH
from ..inventory.addresses import parse as parse_address
from ..inventory.hosts import host_of
from ..inventory.model import Configuration, Domain
from ..zones.records import records
from .case import Case
from .data import Finding, Proposal, ProposalKind
from .known import Known, known

_SERVER = IPv4Address("192.0.2.1")  # RFC 5737, as README has it
# By code: of what the text is missing, whatever the finding is about.
_BY_CODE: dict[str, tuple[ProposalKind, ...]] = {
    "dns-nothing": ("config", "pox", "records"),
    "dns-no-autoconfig": ("config", "records"),
    "dns-no-autodiscover": ("pox", "records"),
    "dns-missing": ("records",),
}
_NO_CONTENT = "web-status", "web-program", "web-redirect-page"
_CONTENT = "answer-", "pox-", "config-"
_ASTRAY = "dns-wildcard", "dns-alias-nowhere"


async def propose(case: Case, findings: Sequence[Finding]) -> tuple[Proposal, ...]:
    """What to paste to mend the findings, each text once; nothing where none is missing."""
    wanted = list(dict.fromkeys(kind for each in findings for kind in _wanted(each)))
    if not wanted:
        return ()
    found = await known(case)
    return tuple(each for each in _proposals(case, found) if each.kind in wanted)


def _wanted(finding: Finding) -> Iterator[ProposalKind]:
    if finding.severity not in ("error", "warning"):
        return
    yield from _BY_CODE.get(finding.code, ())
    if finding.code.startswith(_ASTRAY):
        yield "pox" if finding.subject.startswith("autodiscover.") else "config"
        yield "records"
    if finding.code in _NO_CONTENT or finding.code.startswith(_CONTENT):
        path = finding.subject.lower()
        if path.endswith((CONFIG_PATH, WELL_KNOWN_CONFIG_PATH)):
            yield "config"
        elif path.endswith(POX_PATH):
            yield "pox"


def _proposals(case: Case, found: Known) -> Iterable[Proposal]:
    domain, source = found.domain, found.source
    yield Proposal(
        "config",
        "a clientConfig",
        f"https://{host_of('autoconfig', case.domain)}{CONFIG_PATH}",
        "a file of this text, with the content type text/xml",
        source,
        autoconfig.render(domain).decode(),
    )
    if autodiscover.offers_settings(domain) or domain.settings.redirect:
        yield Proposal(
            "pox",
            "an Autodiscover answer",
            f"https://{host_of('autodiscover', case.domain)}{POX_PATH}",
            f"the answer to POST, as text/xml; a program puts the request's EMailAddress in place "
            f"of {case.address}",
            source,
            autodiscover.render(domain, parse_address(case.address)).decode(),
        )
    yield Proposal(
        "records",
        "DNS records",
        case.domain,
        f"records of the zone; the web server's address in place of {_SERVER}",
        source,
        _records(case, domain),
    )


def _records(case: Case, domain: Domain) -> str:
    """The records that there should be; not those that say that a service is not offered."""
    usual = case.configuration or Configuration({}, None, None)
    alone = replace(usual, domains={domain.name: domain}, default=None)
    rows = [
        (f"{each.name}.", each.type, value)
        for each in records(alone, [_SERVER])
        for value in each.values
        if not value.endswith(" .")
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join("  ".join(map(str.ljust, row, widths)).rstrip() + "\n" for row in rows)
