"""How this host orders certificates, as the role `certificates` writes it down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..inventory.names import normalise
from .certbot import Authority
from .ledger import NO_LIMITS, Limits


class CertificatesError(Exception):
    """A run that can't begin; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this host orders certificates.

    `tls_directory` has the links by which nginx finds the certificates. `webroot` is the directory
    from which nginx answers challenges; None, names are proven in another way and nothing is
    fetched. `identities` are the authority's names in CAA records; none, its directory says them.
    `proof_check` is the command that says which names can't be proven in DNS, where they are proven
    so; `wildcards` are the domains whose names are on certificates as a wildcard. `metrics` is the
    directory of node_exporter's text files, used if it exists. `sourced` is the assignment of the
    sources' domains, where they have names on certificates.
    """

    authority: Authority
    tls_directory: Path
    webroot: Path | None = None
    check_names: bool = True
    identities: tuple[str, ...] = ()
    limits: Limits = NO_LIMITS
    metrics: Path | None = None
    proof_check: tuple[str, ...] = ()
    wildcards: frozenset[str] = frozenset()
    sourced: Path | None = None


def parse(text: str) -> Settings:
    """Read settings (JSON). Raises CertificatesError."""
    try:
        raw = json.loads(text)
        return Settings(
            authority=Authority(
                directory_url=raw["directory_url"],
                challenge=tuple(raw["challenge"]),
                email=raw["email"],
                ca_file=Path(raw["ca_file"]) if raw["ca_file"] else None,
                root=raw["root"],
                profile=raw.get("profile", ""),  # not in what an older collection wrote,
            ),
            tls_directory=Path(raw["tls_directory"]),
            webroot=Path(raw["webroot"]) if raw["webroot"] else None,
            check_names=bool(raw["check_names"]),
            identities=tuple(raw["identities"]),
            limits=Limits(**{key: int(value) for key, value in raw["limits"].items()}),
            metrics=Path(raw["metrics"]) if raw["metrics"] else None,
            proof_check=tuple(raw["proof_check"]),
            wildcards=frozenset(map(normalise, raw["wildcards"])),
            sourced=Path(raw["sourced"]) if raw.get("sourced") else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CertificatesError(f"not the settings of certificates: {error!r}") from None
