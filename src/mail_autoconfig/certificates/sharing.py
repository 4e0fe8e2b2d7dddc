"""Certificates from the host that orders them to the other front ends.

The host that orders packs what is in force into one JSON document; a front end fetches it through
ssh, checks it, puts it in place as a whole, and takes it back if nginx refuses it.
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
from pathlib import Path

from ..host import NginxError, locked, point_link, reload_nginx, replace_file
from .groups import is_ours

Certificates = Mapping[str, Mapping[str, str]]
"""Certificate -> file -> PEM."""

FILES = "fullchain.pem", "privkey.pem"
PLACEHOLDER = "placeholder"
RECEIVED = "received"

# Its content is the directory that nginx has taken. While it is missing, nginx tells load
# balancers to wait.
_IN_FORCE = f"{RECEIVED}.in-force"
_TIMEOUT = 60  # seconds
_SOURCE = "the host that orders certificates"


class SharingError(Exception):
    """Certificates that could not be packed, fetched or put in force; the text says why."""


def pack(directory: Path) -> str:
    """Return the certificates in force as JSON, without those that are still placeholders.

    `directory` has the links to them. Raises SharingError.
    """
    placeholder = (directory / PLACEHOLDER).resolve()
    found: dict[str, dict[str, str]] = {}
    try:
        for path in sorted(directory.iterdir()):
            if is_ours(path.name) and path.exists() and path.resolve() != placeholder:
                found[path.name] = {file: (path / file).read_text("ascii") for file in FILES}
    except (OSError, ValueError) as error:
        raise SharingError(f"{directory}: {error}") from None
    return _dump(found)


def unpack(text: str) -> Certificates:
    """Read what :func:`pack` returned. Raises SharingError if it is anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        raise SharingError(f"{_SOURCE} sent no certificates") from None
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


def fetch(command: Sequence[str]) -> Certificates:
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


def update(directory: Path, command: Sequence[str], *, dry: bool) -> str:
    """Fetch by `command` and put in force what is new; return a line that says so.

    With `dry` nothing changes. Raises SharingError or OSError.
    """
    # The play and the timer may fetch at once.
    with nullcontext() if dry else locked(directory):
        found = fetch(command)
        if is_in_force(found, directory):
            return "nothing new"
        if dry:
            return f"would put in force: {', '.join(found)}"
        install(found, directory, reload_nginx)
        return f"put in force: {', '.join(found)}"


def is_in_force(certificates: Certificates, directory: Path) -> bool:
    """Say whether :func:`install` has nothing to do."""
    new = directory / _directory_name(certificates)
    links = {RECEIVED: new.name} | {name: f"{RECEIVED}/{name}" for name in certificates}
    received = {name for name, target in _links(directory).items() if _is_received(target)}
    return (
        _taken(directory) == new.name
        and received == set(certificates)
        and all(_links(directory).get(name) == target for name, target in links.items())
    )


def install(certificates: Certificates, directory: Path, reload: Callable[[], None]) -> None:
    """Put the certificates in place at once, and make nginx `reload`.

    If that raises NginxError, all is as before. Raises SharingError for that, and for a key that is
    not its certificate's.
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
        raise SharingError(f"not taken, the certificates from before stay: {error}") from None
    replace_file(directory / _IN_FORCE, new.name)
    for path in directory.glob(f"{RECEIVED}-*"):
        if path != new:
            shutil.rmtree(path)


def _dump(certificates: Certificates) -> str:
    return json.dumps(certificates, sort_keys=True)


def _directory_name(certificates: Certificates) -> str:
    digest = hashlib.sha256(_dump(certificates).encode()).hexdigest()
    return f"{RECEIVED}-{digest[:16]}"


def _taken(directory: Path) -> str:
    path = directory / _IN_FORCE
    return path.read_text("ascii") if path.exists() else ""


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
