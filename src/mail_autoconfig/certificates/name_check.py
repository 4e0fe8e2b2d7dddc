"""Which names the authority will refuse, found before it is asked: it counts failures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from pathlib import Path

from .caa import Issuer
from .directory import Directory
from .settings import CertificatesError, Settings

Check = Callable[[Sequence[str]], Mapping[str, str]]
"""Names -> those that the authority will refuse, with why."""


def name_check(
    settings: Settings,
    directory: Directory,
    account: Callable[[], str],
    served: Container[str] | None = None,
) -> Check:
    """What asks of each name what the authority will ask.

    `account` returns the URL of our account at the authority, or an empty string. `served` are the
    names that nginx answers already, in check mode; only those are fetched then.
    The check raises CertificatesError or OSError if it can't be made.
    """
    if not settings.check_names:
        return lambda _names: {}
    issuer = partial(_issuer, settings, directory, account)
    if settings.webroot is None:
        return partial(_in_dns, settings, issuer, dry=served is not None)
    return partial(_over_http, settings.webroot, issuer, served)


def _issuer(settings: Settings, directory: Directory, account: Callable[[], str]) -> Issuer:
    """Raises CertificatesError if the authority does not answer."""
    names = frozenset(map(str.lower, settings.identities or identities(directory)))
    method = "http-01" if settings.webroot else "dns-01"
    return Issuer(names, account(), method)


def _in_dns(
    settings: Settings, issuer: Callable[[], Issuer], names: Sequence[str], *, dry: bool
) -> Mapping[str, str]:
    from .preflight import Lookup, check

    refused = check(names, Lookup(issuer()), None)
    if settings.proof_check:
        refused = unproven(settings.proof_check, names, dry=dry) | refused
    return refused


def _over_http(
    webroot: Path,
    issuer: Callable[[], Issuer],
    served: Container[str] | None,
    names: Sequence[str],
) -> Mapping[str, str]:
    from .preflight import CHALLENGES, Lookup, check, token

    lookup = Lookup(issuer())
    if served is not None and not (webroot / CHALLENGES).is_dir():
        return check(names, lookup, lambda _name, _at: "")  # the play would make it
    with token(webroot) as fetch:
        if served is None:
            return check(names, lookup, fetch)
        return check(names, lookup, lambda name, at: fetch(name, at) if name in served else "")


def identities(directory: Directory) -> tuple[str, ...]:
    """The authority's names in CAA records (RFC 8555, section 9.7.6).

    Raises CertificatesError if the authority does not answer.
    """
    try:
        return tuple(map(str, directory.meta.get("caaIdentities") or ()))
    except (OSError, TypeError, ValueError) as error:
        raise CertificatesError(f"{directory.url}: {error}") from None


def unproven(command: Sequence[str], names: Sequence[str], *, dry: bool) -> dict[str, str]:
    """Names that can't be proven in DNS, with why.

    `command` is what certbot will run too: the same Python with the same libraries. Raises
    CertificatesError.
    """
    ran = subprocess.run(
        [*command, *(["--dry-run"] if dry else [])],
        input=json.dumps(names),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        if ran.returncode == 0:
            refused: dict[str, str] = json.loads(ran.stdout)
            return refused
    except ValueError:
        pass
    said = (ran.stderr or ran.stdout).strip().splitlines() or [f"ended with {ran.returncode}"]
    raise CertificatesError(f"names can't be proven in DNS: {said[-1]}")
