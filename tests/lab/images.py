"""Build the lab's container images: ``images.py debian:13 services …``.

An image is built when it is absent or when its definition has changed since. All stand on a
minimal Debian, pulled where an image registry answers, else made of Debian's packages.
"""

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, DockerException, ImageNotFound
from requests.exceptions import RequestException

HERE = Path(__file__).parent / "images"
LOCK = Path("/run/lock/autoconfig-lab-images")
SUITES = {"12": "bookworm", "13": "trixie", "sid": "sid"}
LABEL = "mailhost.autoconfig.definition"
REGISTRY_TIMEOUT = 15  # seconds without a byte from the engine


@dataclass(frozen=True)
class Image:
    """An image of the lab: the directory that defines it, its tag, the Debian below it."""

    directory: str
    tag: str
    release: str

    @property
    def name(self) -> str:
        """Name and tag, as the engine knows them."""
        return f"autoconfig-lab/{self.directory}:{self.tag}"

    def definition(self) -> str:
        """Hash of all that the image is built from, but for Debian's packages."""
        digest = hashlib.sha256(self.release.encode())
        for path in sorted((HERE / self.directory).iterdir()):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()


IMAGES = {
    "bind9": Image("bind9", "latest", "13"),
    "chromium": Image("chromium", "latest", "13"),
    "compose": Image("compose", "latest", "13"),
    "controller": Image("controller", "latest", "13"),
    "databases": Image("databases", "latest", "13"),
    "debian:12": Image("debian", "12", "12"),
    "debian:13": Image("debian", "13", "13"),
    "debian:sid": Image("debian", "sid", "sid"),
    "evolution": Image("evolution", "latest", "13"),
    "kde": Image("kde", "latest", "12"),
    "knot": Image("knot", "latest", "13"),
    "kubernetes": Image("kubernetes", "latest", "12"),
    "libraries:sid": Image("libraries", "sid", "sid"),
    "mail": Image("mail", "latest", "13"),
    "nginx": Image("nginx", "latest", "13"),
    "powerdns": Image("powerdns", "latest", "13"),
    "proxies": Image("proxies", "latest", "13"),
    "samba:12": Image("samba", "12", "12"),
    "samba:13": Image("samba", "13", "13"),
    "services": Image("services", "latest", "13"),
    "thunderbird": Image("thunderbird", "latest", "13"),
    "webservers": Image("webservers", "latest", "13"),
    "windows": Image("windows", "latest", "13"),
}


def ensure_base(client: docker.DockerClient, release: str) -> None:
    """Make ``autoconfig-lab/base:RELEASE``, unless it is there."""
    repository, suite = "autoconfig-lab/base", SUITES[release]
    try:
        client.images.get(f"{repository}:{release}")
        return
    except ImageNotFound:
        pass
    try:
        registry = docker.from_env(timeout=REGISTRY_TIMEOUT)
        registry.images.pull("debian", tag=suite).tag(repository, tag=release)
        print(f"base:{release}: pulled debian:{suite}", flush=True)
    except (APIError, RequestException):
        print(f"base:{release}: no image registry answers; made by mmdebstrap", flush=True)
        bootstrap(client, suite, repository, release)


def bootstrap(client: docker.DockerClient, suite: str, repository: str, tag: str) -> None:
    """Import a minimal Debian made of packages from Debian's mirror.

    Installs mmdebstrap where it is missing; CalledProcessError when one of the two fails.
    """
    if shutil.which("mmdebstrap") is None:
        install = ["apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap"]
        for step in ["apt-get", "update"], install:
            subprocess.run(step, check=True, stdout=subprocess.DEVNULL)
    # A mirror that is some days behind has an index of sid that is out of date.
    stale = [] if tag.isdigit() else ['--aptopt=Acquire::Check-Valid-Until "false"']
    command = ["mmdebstrap", "--quiet", "--variant=minbase", *stale, suite, "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        client.api.import_image_from_stream(process.stdout, repository=repository, tag=tag)
    if process.returncode:
        client.images.remove(f"{repository}:{tag}")
        raise subprocess.CalledProcessError(process.returncode, command)


def ensure(client: docker.DockerClient, image: Image) -> None:
    """Build ``image``, unless it is there as now defined."""
    definition = image.definition()
    try:
        if client.images.get(image.name).labels.get(LABEL) == definition:
            return
    except ImageNotFound:
        pass
    ensure_base(client, image.release)
    client.images.build(
        path=str(HERE / image.directory),
        tag=image.name,
        buildargs={"release": image.release},
        labels={LABEL: definition},
        forcerm=True,
    )
    client.images.prune(filters={"dangling": True, "label": LABEL})  # what it replaces
    print(f"{image.name}: built", flush=True)


def build(names: list[str]) -> None:
    """Build the named images. Of two at a time, the second waits, and finds them built."""
    client = docker.from_env(timeout=1800)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names:
            ensure(client, IMAGES[name])


def main() -> int:
    """Build the images that the command line names; 1 and one line on standard error if not."""
    parser = argparse.ArgumentParser(description="Build the lab's container images.")
    parser.add_argument("image", nargs="+", choices=sorted(IMAGES))
    try:
        build(parser.parse_args().image)
    except BuildError as error:
        output = "".join(line.get("stream", "") for line in error.build_log)
        print(*output.splitlines()[-20:], error, sep="\n", file=sys.stderr)
        return 1
    except (DockerException, subprocess.CalledProcessError, FileNotFoundError) as error:
        print(f"no images: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
