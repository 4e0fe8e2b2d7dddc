"""The rules of Outlook's XML: what it says -> findings and settings.

Sources: MS-OXDSCLI; Microsoft's "Plan to automatically configure user accounts" (cc511507).
"""

from __future__ import annotations

from collections.abc import Iterator

from ...formats.pox import ENCRYPTION, ROOT, SETTINGS_RESPONSE, TYPES, Account, Answer, Protocol
from ...formats.words import POX_WEB_TYPES
from ...inventory.model import PORTS
from ..answers import port_of
from ..catalogue import finding
from ..data import Finding, Setting

_OTHER_TYPES = {  # none that Outlook reads as a mail server, and none that hurts
    *POX_WEB_TYPES.values(),
    *("DAV", "WEB", "NNTP", "EXCH", "EXPR", "EXHTTP", "MobileSync", "CalDAV", "CardDAV", "EWS"),
}
_MAIL_TYPES = {*TYPES, "EXCH", "EXPR"}


def judge_pox(answer: Answer, subject: str, address: str) -> Iterator[Finding | Setting]:
    """The faults of an answer to the user of `address`, and its servers as far as clear."""
    if answer.root != ROOT:
        yield finding("pox-root", subject, found=answer.root.in_full, should=ROOT.in_full)
    elif answer.response is None:
        yield _missing(subject, "Response")
    elif answer.error and answer.error.code is not None:
        message = answer.error.message or "no message"
        yield finding("pox-error", subject, number=answer.error.code, message=message)
    elif answer.response != SETTINGS_RESPONSE:
        found, should = (each.namespace for each in (answer.response, SETTINGS_RESPONSE))
        yield finding("pox-namespace", subject, found=found or "no namespace", should=should)
    elif answer.account is None:
        yield _missing(subject, "Account")
    else:
        yield from _account(answer.account.stripped(), subject, address)


def _missing(subject: str, element: str) -> Finding:
    return finding(
        "pox-account", subject, element=element, found="missing", should="there", example=""
    )


def _account(account: Account, subject: str, address: str) -> Iterator[Finding | Setting]:
    yield from _expected(subject, "AccountType", account.account_type, "email")
    if account.action in ("redirectUrl", "redirectAddr"):
        return
    yield from _expected(subject, "Action", account.action, "settings")
    for protocol in account.protocols:
        if protocol.type in TYPES:
            yield from _options(protocol, subject, address)
            yield from _server(protocol, subject, address)
        elif protocol.type not in _OTHER_TYPES:
            yield finding("pox-type", subject, found=protocol.type or "missing")
    if not any(each.type in _MAIL_TYPES for each in account.protocols):
        yield finding("pox-no-server", subject)


def _expected(subject: str, element: str, found: str, should: str) -> Iterator[Finding]:
    if found.lower() != should:
        shown, example = found or "missing", f"<{element}>{should}</{element}>"
        yield finding(
            "pox-account", subject, element=element, found=shown, should=should, example=example
        )


def _options(protocol: Protocol, subject: str, address: str) -> Iterator[Finding]:
    """What a client would do wrong with one server."""
    type_ = protocol.type
    if not protocol.login_name:
        yield finding("pox-login", subject, type=type_, user=address)
    if protocol.spa.lower() != "off":
        yield finding("pox-spa", subject, type=type_, found=protocol.spa or "missing")
    if protocol.domain_required.lower() == "on":
        yield finding("pox-domain-required", subject, type=type_)
    if protocol.auth_required.lower() == "off":
        yield finding("pox-auth-required", subject, type=type_)
    if protocol.encryption and protocol.encryption.lower() not in (*ENCRYPTION, "auto"):
        yield finding("pox-encryption", subject, type=type_, found=protocol.encryption)
    if protocol.ssl.lower() == "off" and _security(protocol) != "none":
        yield finding("pox-ssl-off", subject, type=type_, found=protocol.encryption)


def _security(protocol: Protocol) -> str:
    """SSL is on where it is missing; what Encryption says wins (MS-OXDSCLI)."""
    by_default = "none" if protocol.ssl and protocol.ssl.lower() != "on" else "tls"
    return ENCRYPTION.get(protocol.encryption.lower(), by_default)


def _server(protocol: Protocol, subject: str, address: str) -> Iterator[Finding | Setting]:
    port = port_of(protocol.port)
    if not protocol.server:
        yield _missing(subject, f"{protocol.type}: Server")
    if not port:
        shown = protocol.port or "missing"
        usual = PORTS[TYPES[protocol.type]]["tls"]
        yield finding("pox-port", subject, type=protocol.type, found=shown, usual=usual)
    if protocol.server and port:
        user = protocol.login_name or address.rpartition("@")[0]
        type_, security = TYPES[protocol.type], _security(protocol)
        yield Setting(type_, protocol.server, port, security, user, ("password",))
