"""Which certificates are in force: nginx finds each behind a link, and reloads after a change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container
from pathlib import Path

from ..host import NginxError, point_link
from . import groups


class Links:
    """The links below `directory`, of which `live` says where each should point.

    `marker` is a file that exists while something is not in force yet, also after a run that broke
    off. `reload` raises NginxError.
    """

    def __init__(
        self,
        directory: Path,
        marker: Path,
        live: Callable[[str], Path],
        reload: Callable[[], None],
    ) -> None:
        self._directory = directory
        self._marker = marker
        self._live = live
        self._reload = reload

    def mark(self) -> None:
        """Remember that something is not in force yet."""
        self._marker.touch()

    def pending(self) -> bool:
        """Whether something is not in force yet."""
        return self._marker.exists()

    def exists(self, certificate: str) -> bool:
        """Whether a certificate has a link."""
        return (self._directory / certificate).is_symlink()

    def targets(self, certificates: Collection[str]) -> set[Path]:
        """Where the links of these certificates point."""
        links = (self._directory / certificate for certificate in certificates)
        return {link.readlink() for link in links if link.is_symlink()}

    def wrong(self, wanted: Collection[str], there: Container[str]) -> dict[str, Path | None]:
        """The links to change: name -> where it should point, None if it should not exist.

        Of the certificates that are `wanted`, only those that are `there` are pointed to.
        """
        found: dict[str, Path | None] = {}
        for certificate in wanted:
            link, live = self._directory / certificate, self._live(certificate)
            if certificate in there and not (link.is_symlink() and link.readlink() == live):
                found[certificate] = live
        if self._directory.is_dir():
            for link in self._directory.iterdir():
                if link.is_symlink() and groups.is_ours(link.name) and link.name not in wanted:
                    found[link.name] = None
        return found

    def deploy(self, wanted: Collection[str], there: Container[str]) -> list[str]:
        """Change what is wrong, and reload nginx if anything is not in force; return problems."""
        removed: dict[str, Path] = {}
        for name, target in self.wrong(wanted, there).items():
            self.mark()
            link = self._directory / name
            if target is None:
                removed[name] = link.readlink()
                link.unlink()
            else:
                point_link(link, target)
        return self._put_in_force(removed) if self.pending() else []

    def _put_in_force(self, removed: dict[str, Path]) -> list[str]:
        problems = []
        problem = self._refusal()
        if problem and removed:
            # nginx may have another configuration than the one that this is for.
            for name, target in removed.items():
                point_link(self._directory / name, target)
            refused, problem = problem, self._refusal()
            if not problem:
                problems.append(f"{', '.join(removed)}: still needed: {refused}")
        if problem:
            problems.append(f"not in force yet: {problem}")
        else:
            self._marker.unlink()
        return problems

    def _refusal(self) -> str:
        try:
            self._reload()
        except NginxError as error:
            return str(error)
        return ""
