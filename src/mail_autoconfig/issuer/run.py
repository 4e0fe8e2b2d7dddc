"""The issuer: looks again and again which certificates to order, and hands out what is in force."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..certificates import groups
from ..certificates.certbot import Certbot
from ..certificates.directory import Directory
from ..certificates.name_check import Check, name_check
from ..certificates.renewal_info import RenewalInfo
from ..certificates.report import METRICS, Report
from ..certificates.run import STATE, Run
from ..certificates.settings import Settings, parse
from ..host import replace_file
from ..inventory.file import load
from ..inventory.names import served_by_domain
from .api import Cluster, ClusterError
from .challenges import CHALLENGES, serve
from .contents import Certificate, RoomError, checksum, contents

_CERTBOT = STATE.parent / "certbot"  # on the one volume
_SHORTEST = 15  # seconds until the next look, while a name fails or an order waits


@dataclass(frozen=True, slots=True)
class Options:
    """What the chart says.

    `secrets` take the certificates; the pods of `deployment` read them. `names` are on one at most,
    unless the authority's profile has fewer; `every` is how many seconds it waits before it looks
    again.
    """

    secrets: tuple[str, ...]
    deployment: str
    names: int
    every: int


def assign(path: Path, units: groups.Units, certbot: Certbot, size: int) -> groups.Assignment:
    """Which names are on which certificate, from the file of the last run on; it is kept there."""
    before: Mapping[str, Sequence[str]]
    try:
        before = {name: list(each) for name, each in groups.load(path.read_text("utf-8")).items()}
    except (OSError, ValueError):
        there = {name: sorted(each.names) for name, each in certbot.lineages().items()}
        before = groups.rebuild(units, there)
    assignment = groups.assign(units, before, size)
    replace_file(path, groups.dump(assignment))
    return assignment


def publish(certbot: Certbot, cluster: Cluster, options: Options) -> None:
    """Hand out the certificates that there are. Raises ClusterError, RoomError or OSError."""
    found = {
        name: Certificate(
            lineage.names,
            "".join(
                (certbot.live(name) / file).read_text("ascii")
                for file in ("fullchain.pem", "privkey.pem")
            ),
        )
        for name, lineage in certbot.lineages().items()
    }
    files = contents(found, len(options.secrets))
    for secret, each in zip(options.secrets, files, strict=True):
        cluster.replace_secret(secret, each)
    if found:
        cluster.roll(options.deployment, checksum(files))


class Issuer:
    """Orders for the domains in `inventory`; keeps what it knows in `state`."""

    def __init__(
        self,
        inventory: Path,
        settings: Settings,
        cluster: Cluster,
        options: Options,
        *,
        certbot: Certbot | None = None,
        check: Check | None = None,
        state: Path = STATE,
    ) -> None:
        self._inventory = inventory
        self._settings = settings
        self._cluster = cluster
        self._options = options
        self._certbot = certbot or Certbot(settings.authority, _CERTBOT)
        self._check = check
        self._state = state

    def look(self) -> Report:
        """Order what is needed, and hand out what is in force. Raises ConfigurationError."""
        units = served_by_domain(load(self._inventory))
        self._state.mkdir(parents=True, exist_ok=True)
        path = self._state / "assignment.json"
        profile = self._settings.authority.profile
        size = min(self._options.names, groups.PROFILES.get(profile, groups.LARGEST))
        assignment = assign(path, units, self._certbot, size)
        # Read anew at each look: this process runs for months.
        directory = Directory(self._settings.authority)
        report = Run(
            self._settings,
            assignment,
            self._certbot,
            self._check or name_check(self._settings, directory, self._certbot.account),
            advise=RenewalInfo(directory, self._state / "renewal-info.json", time.time, dry=False),
            complaint=directory.lacks_profile,
            state=self._state,
            reload=lambda: None,
        ).apply()
        try:
            publish(self._certbot, self._cluster, self._options)
        except (ClusterError, RoomError, OSError) as error:
            report.problems.append(f"not handed out: {error}")
        return report

    def work(self, wait: Callable[[float], bool]) -> None:
        """Look until `wait`, which waits these seconds, says that it is over."""
        said: list[str] = []
        pause = _SHORTEST
        while True:
            report = self.look()
            lines = [*report.lines(), *report.problems]
            if lines != said:
                print(*lines or ["all certificates are right"], sep="\n", flush=True)
            said = lines
            right = not (report.problems or report.left_out or report.waiting)
            if wait(self._options.every if right else min(pause, self._options.every)):
                return
            pause = _SHORTEST if right else 2 * pause


def run(
    inventory: Path, settings_file: Path, cluster: Cluster, options: Options, port: int
) -> None:
    """Work until SIGTERM or SIGINT. Raises CertificatesError, ConfigurationError or OSError."""
    settings = parse(settings_file.read_text("utf-8"))
    webroot = settings.webroot or STATE
    for directory in (webroot / CHALLENGES, settings.tls_directory, settings.metrics or STATE):
        directory.mkdir(parents=True, exist_ok=True)
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    serve(port, webroot, (settings.metrics or STATE) / METRICS)
    issuer = Issuer(inventory, settings, cluster, options)
    issuer.work(lambda seconds: signal.sigtimedwait(ends, seconds) is not None)
