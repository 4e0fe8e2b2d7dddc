"""Which names the authority will refuse, found before it is asked: it counts failures."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from .settings import CertificatesError, Settings

_TIMEOUT = 20.0  # seconds for the authority's directory

Check = Callable[[Sequence[str]], Mapping[str, str]]
"""Names -> those that the authority will refuse, with why."""


def name_check(settings: Settings, served: Container[str] | None = None) -> Check:
    """What asks of each name what the authority will ask.

    `served` are the names that nginx answers already, in check mode; only those are fetched then.
    The check raises CertificatesError or OSError if it can't be made.
    """
    if not settings.check_names:
        return lambda _names: {}
    if settings.webroot is None:
        return partial(_in_dns, settings, dry=served is not None)
    return partial(_over_http, settings, settings.webroot, served)


def _in_dns(settings: Settings, names: Sequence[str], *, dry: bool) -> Mapping[str, str]:
    from .preflight import Lookup, check

    refused = check(names, Lookup(identities(settings)), None)
    if settings.proof_check:
        refused = unproven(settings.proof_check, names, dry=dry) | refused
    return refused


def _over_http(
    settings: Settings, webroot: Path, served: Container[str] | None, names: Sequence[str]
) -> Mapping[str, str]:
    from .preflight import CHALLENGES, Lookup, check, token

    lookup = Lookup(identities(settings))
    if served is not None and not (webroot / CHALLENGES).is_dir():
        return check(names, lookup, lambda _name, _at: "")  # the play would make it
    with token(webroot) as fetch:
        if served is None:
            return check(names, lookup, fetch)
        return check(names, lookup, lambda name, at: fetch(name, at) if name in served else "")


def identities(settings: Settings) -> tuple[str, ...]:
    """The authority's names in CAA records (RFC 8555, section 9.7.6).

    Raises CertificatesError if the authority does not answer.
    """
    if settings.identities:
        return settings.identities
    try:
        with settings.authority.bundle() as bundle:
            context = ssl.create_default_context(cafile=str(bundle))
            url = settings.authority.directory_url
            with urlopen(url, timeout=_TIMEOUT, context=context) as answer:  # noqa: S310 - https
                directory: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as error:
        raise CertificatesError(f"{settings.authority.directory_url}: {error}") from None
    return tuple(directory.get("meta", {}).get("caaIdentities", ()))


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
