# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The systems of a host: those that the tests run, those that should do, those that can't.

README.md has the same table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

TESTED, EXPECTED, REFUSED = "tested", "expected", "refused"
OLD_PYTHON = "its Python is older than 3.11"
NO_PACKAGES = "it lacks packages that the roles install"
NOT_RUN = "its packages have what is needed, but no test runs it"
NEXT = "what comes next; some of the tests run it"
PROFILES_SINCE = (4, 0)
"""The first certbot that asks for a profile."""


@dataclass(frozen=True)
class Platform:
    """A release of a distribution; any release, where that is empty."""

    distribution: str
    release: str
    state: str
    certbot: tuple[int, int] = (0, 0)
    why: str = ""

    @property
    def name(self) -> str:
        """Both, for people."""
        return f"{self.distribution} {self.release}".strip()


PLATFORMS = (
    Platform("Debian", "12", TESTED, (2, 1)),
    Platform("Debian", "13", TESTED, (4, 0)),
    Platform("Ubuntu", "24.04", EXPECTED, (2, 9), NOT_RUN),
    Platform("Ubuntu", "26.04", EXPECTED, (4, 0), NOT_RUN),
    Platform("Debian", "sid", EXPECTED, (5, 5), NEXT),
    Platform("Debian", "11", REFUSED, why=OLD_PYTHON),
    Platform("Ubuntu", "22.04", REFUSED, why=OLD_PYTHON),
    Platform("Enterprise Linux", "", REFUSED, why=NO_PACKAGES),
)


def of(distribution: str, version: str, like: str = "") -> Platform:
    """Return a host's platform.

    :arg distribution: as Ansible's fact of this name
    :arg version: as the fact ``distribution_version``
    :arg like: the distributions that its own is made from, as os-release(5) has them
    """
    release, _dot, _point = version.partition(".")
    if distribution == "Ubuntu":  # whose releases of one year have nothing in common
        release = version
    elif distribution == "Debian" and version.endswith("/sid"):  # testing says so too
        release = "sid"
    if distribution == "Redhat" or "rhel" in like.split():
        return Platform(distribution, release, REFUSED, why=NO_PACKAGES)
    for each in PLATFORMS:
        if (each.distribution, each.release) == (distribution, release):
            return each
    return Platform(distribution, release, REFUSED, why="nothing is known of it")


def refusal(platform: Platform) -> Iterator[str]:
    """Say why a host can't be used."""
    if platform.state == REFUSED:
        instead = f"{named(TESTED)}, or the container image"
        yield f"{platform.name} is not supported: {platform.why}; use {instead}"


def warning(platform: Platform) -> Iterator[str]:
    """Say what to know of a host that may do."""
    if platform.state == EXPECTED:
        yield f"{platform.name}: {platform.why}; the tests are for {named(TESTED)}"


def profile(platform: Platform) -> Iterator[str]:
    """Check that the host's certbot can ask for a profile."""
    if platform.state != REFUSED and platform.certbot < PROFILES_SINCE:
        has, needed = (".".join(map(str, each)) for each in (platform.certbot, PROFILES_SINCE))
        yield (
            f"autoconfig_certificates_profile: certbot {has} of {platform.name} can't ask for a "
            f"profile; leave it out, or use a release with certbot {needed}"
        )


def named(state: str) -> str:
    """Return the platforms of a state, such as ``Debian 12 or 13``."""
    found: dict[str, list[str]] = {}
    for each in PLATFORMS:
        if each.state == state:
            found.setdefault(each.distribution, []).append(each.release)
    return " or ".join(f"{name} {' or '.join(releases)}" for name, releases in found.items())
