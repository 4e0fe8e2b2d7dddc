"""What the role nginx says of its own file, and of what ours is made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


class NamesError(Exception):
    """A run that can't do its work; the text says why in one line, and what stays."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where this host itself asks nginx."""

    address: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """How the names get into nginx.

    `site` is the role's own file, whose names win. `plain` and `secure` are files with all that a
    server of ours has beside its names and its certificate; without `secure`, another web server in
    front has the certificates. `tls_directory` has the links to these. Of names there are `size`
    on a certificate, and `most` in all, each of `longest` octets at most. At `proof` a server of
    ours answers with the digest of the file that it came from, to this host, at `places`.
    `metrics` is the directory of node_exporter's text files, used if it exists. `received` is the
    file with the assignment from the host that orders certificates, where that is another one.
    """

    site: Path
    plain: Path
    secure: Path | None
    tls_directory: Path
    size: int
    most: int
    longest: int
    proof: str
    places: tuple[Place, ...]
    metrics: Path
    received: Path | None = None


def load(path: Path) -> Settings:
    """Read a file of the role nginx (JSON). Raises NamesError."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        return Settings(
            site=Path(raw["site"]),
            plain=Path(raw["plain"]),
            secure=Path(raw["secure"]) if raw["secure"] else None,
            tls_directory=Path(raw["tls_directory"]),
            size=int(raw["size"]),
            most=int(raw["most"]),
            longest=int(raw["longest"]),
            proof=str(raw["proof"]),
            places=tuple(
                Place(str(each["ask"]), int(each["port"]), bool(each["tls"]))
                for each in raw["listens"]
                if each["ask"] and not each["proxy"]
            ),
            metrics=Path(raw["metrics"]),
            received=Path(raw["received"]) if raw.get("received") else None,
        )
    except OSError as error:
        none = isinstance(error, FileNotFoundError)
        why = "; no source has names on certificates here" if none else ""
        raise NamesError(f"{path}: {error.strerror}{why}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise NamesError(f"{path}: not what the role nginx writes: {error!r}") from None
