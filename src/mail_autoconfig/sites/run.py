"""One run: which names the sources' domains have, and nginx's file with them in force."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..certificates import groups
from ..host import NginxError, locked, nginx_dump, point_link, reload_nginx, replace_file
from ..inventory import file as inventory
from ..inventory.read import ConfigurationError
from ..sources.names import Names, load, save
from ..store.file import StoreError
from ..store.join import joined
from . import proof
from .file import write
from .settings import NamesError, Settings
from .wanted import ELSEWHERE, Others, Wanted, names_elsewhere, names_in, wanted

NGINX = "nginx.conf"
ASSIGNMENT = "certificates.json"
_IN_FORCE = "in-force"
# As old as the store and the received assignment that were read: the unit's ExecCondition compares.
_STORE = "store"
_RECEIVED = "received"
_STAYS = "; what was there stays"


@dataclass(frozen=True, slots=True)
class Files:
    """The inventory, the store, and the directory of what this makes."""

    configuration: Path
    store: Path
    state: Path


@dataclass(frozen=True, slots=True)
class Host:
    """What is done to nginx; tests have another one."""

    dump: Callable[[], str] = nginx_dump
    reload: Callable[[], None] = reload_nginx
    unproven: Callable[..., str] = proof.unproven


@dataclass(frozen=True, slots=True)
class _Result:
    """What is to be in force."""

    text: str
    digest: str
    plain: tuple[str, ...]
    assignment: groups.Assignment

    def secure(self) -> tuple[str, ...]:
        """A name of each certificate."""
        return tuple(names[0] for names in groups.names(self.assignment).values())


class Run:
    """One run, planned or applied; `clock` is in seconds since 1970."""

    def __init__(
        self, settings: Settings, files: Files, clock: Callable[[], float], host: Host | None = None
    ) -> None:
        self._settings = settings
        self._files = files
        self._clock = clock
        self._host = host or Host()
        self._report = Names()

    def plan(self) -> Names:
        """Say whether :meth:`apply` would change anything. Raises NamesError, OSError."""
        result = self._look()
        self._report.changed = not self._is_in_force(result)
        return self._report

    def apply(self) -> Names:
        """Put in force what is wanted, or say why what was there stays. Raises OSError."""
        state = self._files.state
        state.mkdir(mode=0o755, exist_ok=True)
        with locked(state):
            last = load(state) or Names()
            # systemd starts no second run for what comes during the first one.
            read: Mapping[str, int] = {}
            while read != (read := self._times()):
                self._apply_once(read, last)
            self._report.time = self._clock()
            save(self._report, state, self._settings.metrics)
        return self._report

    def _apply_once(self, read: Mapping[str, int], last: Names) -> None:
        self._report.problem = ""
        try:
            result = self._look()
            if not self._is_in_force(result):
                self._put_in_force(result)
                self._report.changed = True
            self._mark(read)
        except NamesError as error:
            self._mark({_STORE: 0, _RECEIVED: 0})
            self._report.names, self._report.certificates = last.names, last.certificates
            self._report.problem = str(error)

    def _times(self) -> Mapping[str, int]:
        """As old as what is read is."""
        return {_STORE: _time(self._files.store), _RECEIVED: _time(self._settings.received)}

    def _mark(self, read: Mapping[str, int]) -> None:
        """Remember what was read; where something may come right by itself, nothing."""
        again = ELSEWHERE in self._report.left_out.values()
        for name, at in read.items():
            stamp = self._files.state / name
            if at and not again:
                stamp.touch()
                os.utime(stamp, ns=(at, at))
            else:
                stamp.unlink(missing_ok=True)

    def _look(self) -> _Result:
        """See what is to be in force."""
        before = self._before()
        found = self._wanted(before)
        assignment = self._assign(found.units, before) if self._settings.secure else {}
        plain = tuple(name for names in found.units.values() for name in names)
        text, digest = write(plain, groups.names(assignment), self._settings)
        self._report.names, self._report.certificates = len(plain), len(assignment)
        self._report.leave_out(found.left_out)
        return _Result(text, digest, plain, assignment)

    def _assign(self, units: groups.Units, before: groups.Assignment) -> groups.Assignment:
        """Which name is on which certificate; decided by the host that orders them alone."""
        received = self._settings.received
        if received is None:
            kept = {name: list(members) for name, members in before.items()}
            return groups.assign(units, kept, self._settings.size, groups.SOURCED)
        try:
            # Before the first one comes, this host may have been the one that decides.
            assignment = groups.load(received.read_text("utf-8")) if received.exists() else before
        except ValueError as error:
            raise NamesError(f"{received.name}: {error}{_STAYS}") from None
        # The names that this host would serve itself, since it checks these as all others.
        return groups.within(assignment, units)

    def _before(self) -> groups.Assignment:
        try:
            return groups.load((self._files.state / ASSIGNMENT).read_text("utf-8"))
        except (OSError, ValueError):
            return {}

    def _wanted(self, before: Mapping[str, Mapping[str, object]]) -> Wanted:
        settings = self._settings
        try:
            own = inventory.load(self._files.configuration)
            configuration = joined(own, self._files.store)
        except ConfigurationError as error:
            raise NamesError(f"{error.problems[0]}{_STAYS}") from None
        except StoreError as error:
            raise NamesError(f"{self._files.store.name}: {error}{_STAYS}") from None
        # A domain that moves into the inventory stays until the role's own file has it.
        moving = {unit for units in before.values() for unit in units}
        if moving and not self._files.store.exists():
            raise NamesError(f"{self._files.store.name}: there is none any more{_STAYS}")
        domains = (configuration.domains.keys() - own.domains.keys()) | moving
        return wanted(configuration, domains, self._others(), settings.longest, settings.most)

    def _others(self) -> Others:
        ours = {self._settings.site.name, str(self._files.state / NGINX)}
        try:
            text = self._settings.site.read_text("utf-8")
            return Others(names_in(text), names_elsewhere(self._host.dump(), ours))
        except (NginxError, OSError) as error:
            raise NamesError(f"nginx: {error}{_STAYS}") from None

    def _is_in_force(self, result: _Result) -> bool:
        state = self._files.state
        wanted_content = {
            NGINX: result.text,
            ASSIGNMENT: groups.dump(result.assignment),
            _IN_FORCE: result.digest,
        }
        return all(_content(state / name) == text for name, text in wanted_content.items())

    def _put_in_force(self, result: _Result) -> None:
        """Write, test, reload and prove; if that fails, all is as before. Raises NamesError."""
        state = self._files.state
        gone = self._before().keys() - result.assignment.keys()
        file, marker = state / NGINX, state / _IN_FORCE
        before = file.read_bytes() if file.exists() else None
        new = self._link(result.assignment)
        marker.unlink(missing_ok=True)
        replace_file(file, result.text)
        try:
            self._host.reload()
            self._prove(result)
        except (NginxError, NamesError) as error:
            if before is None:
                file.unlink()
            else:
                replace_file(file, before)
            for link in new:
                link.unlink()
            with suppress(NginxError):
                self._host.reload()
            raise NamesError(f"nginx: {error}{_STAYS}") from None
        replace_file(state / ASSIGNMENT, groups.dump(result.assignment))
        replace_file(marker, result.digest)
        self._forget(gone)

    def _prove(self, result: _Result) -> None:
        settings = self._settings
        asked = proof.questions(settings, result.plain[:1], result.secure())
        if why := self._host.unproven(asked, settings.proof, result.digest):
            raise NamesError(why)

    def _link(self, assignment: groups.Assignment) -> list[Path]:
        """Point to a placeholder where there is no certificate yet; return the links made."""
        directory = self._settings.tls_directory
        if not assignment:
            return []
        # Certificates that are fetched meanwhile win.
        with locked(directory):
            return self._link_to_placeholder(assignment, directory)

    def _link_to_placeholder(self, assignment: groups.Assignment, directory: Path) -> list[Path]:
        moved = groups.moved_from(assignment, self._before())
        made = []
        for certificate in assignment:
            link = directory / certificate
            if (link / "fullchain.pem").exists():
                continue
            if not link.is_symlink():
                made.append(link)
            source = directory / moved.get(certificate, "placeholder")
            has_one = source.is_symlink() and (source / "fullchain.pem").exists()
            point_link(link, source.readlink() if has_one else directory / "placeholder")
        return made

    def _forget(self, certificates: Iterable[str]) -> None:
        """Remove the links of certificates that nothing is on any more and that never came."""
        directory = self._settings.tls_directory
        for certificate in certificates:
            link = directory / certificate
            if link.is_symlink() and link.resolve() == (directory / "placeholder").resolve():
                link.unlink()


def _time(path: Path | None) -> int:
    return path.stat().st_mtime_ns if path and path.exists() else 0


def _content(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return None
