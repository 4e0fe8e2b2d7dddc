"""A host with an inventory, a store and an nginx that is played."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mail_autoconfig.certificates import groups
from mail_autoconfig.host import NginxError
from mail_autoconfig.sites.proof import Question
from mail_autoconfig.sites.run import ASSIGNMENT, NGINX, Files, Host, Run
from mail_autoconfig.sites.settings import Place, Settings
from mail_autoconfig.sources.names import Names
from mail_autoconfig.store.entry import Entry
from mail_autoconfig.store.write import write

CERTIFICATE = {"provider": "gandi", "discovery": "certificate"}
SRV = {"provider": "gandi", "discovery": "srv"}


def raw(directory: Path, **keys: Any) -> dict[str, Any]:
    """What the role nginx writes to names.json."""
    usual = {
        "site": f"{directory}/zz-mail-autoconfig.conf",
        "plain": f"{directory}/plain.conf",
        "secure": f"{directory}/secure.conf",
        "tls_directory": f"{directory}/tls",
        "size": 4,
        "most": 100,
        "longest": 110,
        "proof": "/proof",
        "listens": [
            {"ask": "127.0.0.1", "port": 80, "tls": False, "proxy": False},
            {"ask": "127.0.0.1", "port": 443, "tls": True, "proxy": False},
            {"ask": "127.0.0.1", "port": 8443, "tls": True, "proxy": True},
            {"ask": "", "port": 443, "tls": True, "proxy": False},
        ],
        "metrics": f"{directory}/none",
    }
    return usual | keys


@dataclass(slots=True)
class Played:
    """`broken` is what nginx says when it is tested; `unproven`, what the proof says."""

    directory: Path
    settings: Settings
    domains: dict[str, Any] = field(default_factory=dict)
    own: list[dict[str, Any]] = field(default_factory=list)
    theirs: str = ""
    broken: str = ""
    unproven: str = ""
    reloads: int = 0
    asked: list[Question] = field(default_factory=list)

    @property
    def files(self) -> Files:
        return Files(
            self.directory / "config.json",
            self.directory / "domains.store",
            self.directory / "state",
        )

    def fill(self, **names: Any) -> None:
        """Give the store these domains: name -> definition."""
        self.domains = names
        write(self.files.store, {}, [Entry(name, "x", raw) for name, raw in names.items()])

    def serve(self, *names: str) -> None:
        """Let the role's own file have these names."""
        lines = "".join(f"    server_name {name};\n" for name in names)
        self.settings.site.write_text(f"server {{\n{lines}}}\n")

    def run(self, *, dry: bool = False) -> Names:
        found = {"generic_host": "auto.example.org", "domains": self.own, "sources": True}
        self.files.configuration.write_text(json.dumps(found))
        run = Run(
            self.settings, self.files, lambda: 5.0, Host(self._dump, self._reload, self._prove)
        )
        return run.plan() if dry else run.apply()

    def text(self) -> str:
        return (self.files.state / NGINX).read_text()

    def served(self) -> set[str]:
        words = self.text().replace(";", "").split()
        return {words[at + 1] for at, word in enumerate(words) if word == "server_name"}

    def assigned(self) -> dict[str, list[str]]:
        found = groups.load((self.files.state / ASSIGNMENT).read_text())
        return {certificate: list(units) for certificate, units in found.items()}

    def receives(self, assignment: Mapping[str, Mapping[str, Iterable[str]]] | None) -> None:
        """Let another host order the certificates; None, before anything of it has come."""
        path = self.directory / "received.json"
        self.settings = replace(self.settings, received=path)
        if assignment is not None:
            path.write_text(
                json.dumps(
                    {
                        certificate: {unit: sorted(names) for unit, names in units.items()}
                        for certificate, units in assignment.items()
                    }
                )
            )

    def behind_a_proxy(self) -> None:
        self.settings = replace(self.settings, secure=None, places=(Place("127.0.0.1", 80, False),))

    def _dump(self) -> str:
        self._test()
        site, mine = self.settings.site, self.files.state / NGINX
        parts = {"/etc/nginx/sites-enabled/other": self.theirs, str(site): site.read_text()}
        if mine.exists():
            parts[str(mine)] = mine.read_text()
        return "".join(f"# configuration file {path}:\n{text}\n" for path, text in parts.items())

    def _reload(self) -> None:
        self._test()
        self.reloads += 1

    def _test(self) -> None:
        if self.broken:
            raise NginxError(self.broken)

    def _prove(self, asked: Any, path: str, digest: str) -> str:
        self.asked = list(asked)
        assert path == self.settings.proof
        assert not self.asked or digest in self.text()
        return self.unproven


def names_of(domains: Sequence[str]) -> set[str]:
    return {f"{kind}.{domain}" for domain in domains for kind in ("autodiscover", "autoconfig")}
