"""Compare answers with what the configuration says of their domain.

What is compared is the text as it is in the answer: no client has to tolerate white space or words
of other versions from this project's own server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from ..formats import client_config, pox, words
from ..formats.xml_tree import XmlError
from ..inventory.clients import for_autoconfig, for_outlook
from ..inventory.mailboxes import personal
from ..inventory.model import Domain, Redirect, Server
from .endpoints import Answer

LOCALPART = "mail-autoconfig-verify"
"""Of the addresses that are asked for; no mailbox has to have this name."""

Row = tuple[str, str, str, str, str]
"""Type, host, port, security and login of one server, as an answer says it."""

_OTHER_PROTOCOLS = (*words.POX_WEB_TYPES.values(), "WEB")  # services that are no mail servers
_POX_SECURITY = {
    (words.POX_SSL[security], encryption): security
    for security, encryption in words.POX_ENCRYPTION.items()
}
_UNCLEAR = "unclear security"
_OTHER_SERVER = "something else than mail-autoconfig answers"
_Read = TypeVar("_Read")


class CheckError(Exception):
    """An answer that is not right; the text says what is wrong and what to do."""


def judge_pox(answer: Answer, domain: Domain, name: str) -> None:
    """Check what Autodiscover says of `domain` to a user of the domain name `name`.

    Raises CheckError.
    """
    said = _read(pox.read, answer)
    if domain.settings.redirect:
        _judge_redirect_of_pox(said, domain.settings.redirect, name)
        return
    code = said.error.code if said.error and said.response == pox.ERROR_RESPONSE else None
    servers = for_outlook(domain.settings) if domain.settings.autodiscover else ()
    if not servers:
        if code != "501":
            by_password = domain.settings.autodiscover and domain.settings.mail_servers
            why = (
                "no server takes a password"
                if by_password
                else "these settings are Exchange's to give"
            )
            raise CheckError(f"should be error 501, since {why}")
        return
    if said.root != pox.ROOT:
        raise CheckError(f"the root is {said.root}; {_OTHER_SERVER}")
    if code:
        raise CheckError(f"error {code}; run the playbook again, this domain is not served")
    found = _servers_of_pox(said)
    expected = _expected(servers, name, _address(name))
    if domain.settings.autodiscover_xml:  # may contain such elements too, after ours
        found = found[: len(expected)]
    _compare(found, expected)


def _account(said: pox.Answer) -> pox.Account | None:
    return said.account if said.response == pox.SETTINGS_RESPONSE else None


def _servers_of_pox(said: pox.Answer) -> list[Row]:
    account = _account(said)
    return [
        (
            protocol.type.lower(),
            protocol.server,
            protocol.port,
            _POX_SECURITY.get((protocol.ssl, protocol.encryption), _UNCLEAR),
            protocol.login_name,
        )
        for protocol in (account.protocols if account else ())
        if protocol.type not in _OTHER_PROTOCOLS
    ]


def _judge_redirect_of_pox(said: pox.Answer, redirect: Redirect, name: str) -> None:
    found = ""
    if account := _account(said):
        by_address = redirect.kind == "address"
        found = account.redirect_address if by_address else account.redirect_url
    target = _filled(redirect.target, {"localpart": LOCALPART, "domain": name})
    if found != target:
        raise CheckError(f"redirects to {found or 'nowhere'}; should redirect to {target}")


def judge_config(answer: Answer, domain: Domain, name: str) -> None:
    """Check what Autoconfig says of `domain` to a user of the domain name `name`.

    Raises CheckError.
    """
    if not domain.settings.mail_servers:
        if answer.status != 404:
            raise CheckError(f"status {answer.status}; should be 404, since it has no mail servers")
        return
    said = _read(client_config.read, answer)
    if said.root != client_config.ROOT:
        raise CheckError(f"the root is {said.root}; {_OTHER_SERVER}")
    found: list[Row] = [
        (
            server.type,
            server.hostname,
            server.port,
            client_config.SECURITY.get(server.socket_type, _UNCLEAR),
            server.username,
        )
        for server in said.servers
        if server.place == "emailProvider" and server.hostname
    ]
    servers = for_autoconfig(domain.settings)
    values = _address(name) if personal(domain) else words.PLACEHOLDERS
    _compare(found, _expected(servers, name, values))


def _address(name: str) -> Mapping[str, str]:
    """The parts of the address that is asked for, by placeholder."""
    return {"email": f"{LOCALPART}@{name}", "localpart": LOCALPART, "domain": name}


def judge_redirect(answer: Answer, status: int, location: str) -> None:
    """Check that an answer is a redirect. Raises CheckError."""
    if answer.status != status or answer.location != location:
        raise CheckError(
            f"status {answer.status} {answer.location}; should be {status} to {location}"
        )


def _read(reader: Callable[[bytes], _Read], answer: Answer) -> _Read:
    if answer.status != 200:
        raise CheckError(f"status {answer.status}; should be 200; see nginx and mail-autoconfig")
    if answer.content_type.partition(";")[0].strip() not in ("text/xml", "application/xml"):
        raise CheckError(f"content type {answer.content_type!r}; should be text/xml")
    try:
        return reader(answer.body)
    except XmlError:
        raise CheckError(f"no well-formed XML; {_OTHER_SERVER}") from None


def _expected(servers: Iterable[Server], name: str, values: Mapping[str, str]) -> list[Row]:
    return [
        (
            server.type,
            server.host_for(name),
            str(server.port),
            server.security,
            _filled(server.username, values),
        )
        for server in servers
    ]


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        pattern = pattern.replace(f"{{{placeholder}}}", value)
    return pattern


def _compare(found: Sequence[Row], expected: Sequence[Row]) -> None:
    if found != expected:
        raise CheckError(
            f"answers {_shown(found)}; the configuration says {_shown(expected)}; "
            "run the playbook again"
        )


def _shown(rows: Sequence[Row]) -> str:
    return ", ".join(" ".join(row) for row in rows) or "no server"
