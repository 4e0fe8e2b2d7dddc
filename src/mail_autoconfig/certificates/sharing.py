"""Certificates from the host that orders them to the other front ends.

The host that orders packs what is in force into one JSON document; a front end fetches it through
ssh, checks it, puts it in place as a whole, and takes it back if nginx refuses it. Beside the
certificates stands which name of the sources' domains is on which of them, since one host alone
decides that.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from ..host import NginxError, locked, point_link, reload_nginx, replace_file, start
from ..inventory.names import normalise
from . import groups
from .groups import is_ours

Certificates = Mapping[str, Mapping[str, str]]
"""Certificate -> file -> PEM."""

FILES = "fullchain.pem", "privkey.pem"
PLACEHOLDER = "placeholder"
RECEIVED = "received"
ASSIGNMENT = "assignment"
"""Its key, beside the certificates."""

# Its content is the directory that nginx has taken. While it is missing, nginx tells load
# balancers to wait.
_IN_FORCE = f"{RECEIVED}.in-force"
_TIMEOUT = 60  # seconds
_SOURCE = "the host that orders certificates"


class SharingError(Exception):
    """Certificates that could not be packed, fetched or put in force; the text says why."""


class RefusedError(SharingError):
    """nginx does not take the certificates; those from before are in force."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is shared; `assignment`, of the sources' domains, if they have names on certificates."""

    certificates: Certificates
    assignment: groups.Assignment | None = None


def pack(directory: Path, assignment: Path | None = None) -> str:
    """Return the certificates in force as JSON, without those that are still placeholders.

    `directory` has the links to them; `assignment` is a file with that of the sources' domains, as
    soon as there is one. Raises SharingError.
    """
    placeholder = (directory / PLACEHOLDER).resolve()
    found: dict[str, dict[str, str]] = {}
    assigned = None
    try:
        if assignment and assignment.exists():
            assigned = _sourced(json.loads(assignment.read_text("utf-8")))
        for path in sorted(directory.iterdir()):
            if is_ours(path.name) and path.exists() and path.resolve() != placeholder:
                found[path.name] = _files(path)
    except (OSError, ValueError) as error:
        raise SharingError(f"{directory}: {error}") from None
    return _dump(found if assigned is None else {**found, ASSIGNMENT: assigned})


def unpack(text: str) -> Document:
    """Read what :func:`pack` returned. Raises SharingError if it is anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        raise SharingError(f"{_SOURCE} sent no certificates") from None
    assigned = found.pop(ASSIGNMENT, None) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not all(
        is_ours(name)
        and isinstance(files, dict)
        and set(files) == set(FILES)
        and all(isinstance(content, str) for content in files.values())
        for name, files in found.items()
    ):
        raise SharingError(f"{_SOURCE} sent something else than certificates")
    if not found:
        raise SharingError(f"{_SOURCE} has none yet; run the playbook for it first")
    try:
        return Document(found, None if assigned is None else _sourced(assigned))
    except ValueError as error:
        raise SharingError(f"{_SOURCE} sent no assignment of names: {error}") from None


def _sourced(content: object) -> groups.Assignment:
    """The assignment of the sources' domains, each name checked. Raises ValueError."""
    found = groups.read(content)
    seen: set[str] = set()
    for certificate, units in found.items():
        if not is_ours(certificate, groups.SOURCED):
            raise ValueError(f"{certificate} is not for domains of sources")
        for unit, names in units.items():
            for name in names:
                if normalise(name) != name or not f".{name}".endswith(f".{unit}") or name in seen:
                    raise ValueError(f"{name!r} is no name of {unit!r}, or twice there")
                seen.add(name)
    return found


def relay(path: Path, write: Callable[[bytes], object]) -> None:
    """Write all that comes from the unix socket `path`. Raises SharingError."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_TIMEOUT)
            connection.connect(str(path))
            while part := connection.recv(65536):
                write(part)
    except OSError as error:
        raise SharingError(f"{path}: {error.strerror or error}") from None


def fetch(command: Sequence[str]) -> Document:
    """Run the command that prints what :func:`pack` returned. Raises SharingError."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SharingError(f"{command[0]}: {error}") from None
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise SharingError(lines[-1].strip() if lines else f"{command[0]}: {done.returncode}")
    return unpack(done.stdout.decode("ascii", errors="replace"))


def update(
    directory: Path,
    command: Sequence[str],
    *,
    dry: bool,
    assignment: Path | None = None,
    then: str = "",
) -> str:
    """Fetch by `command` and put in force what is new; return a line that says so.

    The assignment gets into a file, after the certificates that it is about, and if it is new, the
    unit `then` is started. With `dry` nothing changes. Raises SharingError or OSError.
    """
    said = []
    # The play and the timer may fetch at once.
    with nullcontext() if dry else locked(directory):
        found = fetch(command)
        if not is_in_force(found.certificates, directory):
            said.append(f"put in force: {', '.join(found.certificates)}")
            if not dry:
                _put_in_force(found.certificates, directory)
        text = None if found.assignment is None else groups.dump(found.assignment)
        if assignment and text and not _has(assignment, text):
            said.append("write which name of sources is on which certificate")
            if not dry:
                replace_file(assignment, text)
                _start(then)
    return f"{'would ' if dry else ''}{'; '.join(said)}" if said else "nothing new"


def _has(path: Path, text: str) -> bool:
    return path.exists() and path.read_bytes() == text.encode()


def _start(unit: str) -> None:
    try:
        if unit:
            start(unit)
    except NginxError as error:
        raise SharingError(f"{unit}: {error}") from None


def _put_in_force(certificates: Certificates, directory: Path) -> None:
    try:
        install(certificates, directory, reload_nginx)
    except RefusedError:
        # nginx may have names on one that has gone, until the new assignment is in force.
        before = _received(directory) - certificates.keys()
        if not before:
            raise
        gone = {name: _files(directory / name) for name in before}
        install({**certificates, **gone}, directory, reload_nginx)


def is_in_force(certificates: Certificates, directory: Path) -> bool:
    """Say whether :func:`install` has nothing to do."""
    new = directory / _directory_name(certificates)
    links = {RECEIVED: new.name} | {name: f"{RECEIVED}/{name}" for name in certificates}
    return (
        _taken(directory) == new.name
        and _received(directory) == set(certificates)
        and all(_links(directory).get(name) == target for name, target in links.items())
    )


def install(certificates: Certificates, directory: Path, reload: Callable[[], None]) -> None:
    """Put the certificates in place at once, and make nginx `reload`.

    If that raises NginxError, all is as before. Raises RefusedError for that, and SharingError for
    a key that is not its certificate's.
    """
    new = directory / _directory_name(certificates)
    before = _links(directory)
    if before.get(RECEIVED) != new.name:
        shutil.rmtree(new, ignore_errors=True)
        _write(certificates, new)
    after = {name: target for name, target in before.items() if not _is_received(target)}
    after |= {name: f"{RECEIVED}/{name}" for name in certificates} | {RECEIVED: new.name}
    _point(directory, before, after)
    try:
        reload()
    except NginxError as error:
        _point(directory, after, before)
        if before.get(RECEIVED) != new.name:
            shutil.rmtree(new)
        raise RefusedError(f"not taken, the certificates from before stay: {error}") from None
    replace_file(directory / _IN_FORCE, new.name)
    for path in directory.glob(f"{RECEIVED}-*"):
        if path != new:
            shutil.rmtree(path)


def _dump(document: Mapping[str, object]) -> str:
    return json.dumps(document, sort_keys=True)


def _directory_name(certificates: Certificates) -> str:
    digest = hashlib.sha256(_dump(certificates).encode()).hexdigest()
    return f"{RECEIVED}-{digest[:16]}"


def _taken(directory: Path) -> str:
    path = directory / _IN_FORCE
    return path.read_text("ascii") if path.exists() else ""


def _files(directory: Path) -> dict[str, str]:
    return {file: (directory / file).read_text("ascii") for file in FILES}


def _received(directory: Path) -> set[str]:
    return {name for name, target in _links(directory).items() if _is_received(target)}


def _is_received(target: str) -> bool:
    return target.startswith(f"{RECEIVED}/")


def _write(certificates: Certificates, new: Path) -> None:
    new.mkdir(mode=0o700)
    try:
        for name, files in certificates.items():
            (new / name).mkdir(mode=0o700)
            for file, content in files.items():
                path = new / name / file
                path.touch(mode=0o600)
                path.write_text(content, "ascii")
            try:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(new / name / FILES[0], new / name / FILES[1])
            except (ssl.SSLError, ValueError):
                raise SharingError(
                    f"{name}: not a certificate and its key; those from before stay"
                ) from None
    except SharingError:
        shutil.rmtree(new)
        raise


def _links(directory: Path) -> dict[str, str]:
    return {path.name: str(path.readlink()) for path in directory.iterdir() if path.is_symlink()}


def _point(directory: Path, present: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Change the links that are `present` to those `wanted`."""
    for name, target in wanted.items():
        if present.get(name) != target:
            point_link(directory / name, target)
    for name in present.keys() - wanted.keys():
        (directory / name).unlink()
