"""The examples of compose files, each started as it is, with what no image registry gives the lab.

What is written here is what stands in the place of Docker Hub's images: Debian's Caddy and nginx,
and Traefik from PyPI; no ports of this machine, no public authority. mailcow and Mailu are stubs:
the nginx that each has, with the parts of its configuration that decide which site answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support.containers import docker
from support.proxies import CADDY_IS_ITS_AUTHORITY

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
STUBS = ROOT / "tests/image/stubs"
CACHE = ROOT / ".cache/lab/image"
TRAEFIK = CACHE / "traefik"

_NGINX = """
cat > /etc/nginx/nginx.conf <<'END'
events {}
http {
    access_log /dev/stdout;
    server {
        listen 80;
        listen [::]:80;
        listen 443 ssl;
        listen [::]:443 ssl;
        server_name mail.example.com autodiscover.* autoconfig.*;
        TLS
        location / { return 200 "not ours"; }
    }
    include /etc/nginx/conf.d/*.conf;
}
END
mkdir -p CERTIFICATES; cd CERTIFICATES
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
    -subj /CN=mail.example.com -keyout key.pem -out cert.pem 2>/dev/null
PREPARE
exec nginx -g 'daemon off;'
"""
_TLS = "ssl_certificate CERTIFICATES/cert.pem; ssl_certificate_key CERTIFICATES/key.pem;"


@dataclass(frozen=True)
class Example:
    """An example, and the service in it that has ports 80 and 443."""

    name: str
    file: str
    proxy: str
    entrypoint: tuple[str, ...]
    """What starts the proxy in the place of what its image does."""
    mounts: tuple[str, ...] = ()
    """Of the proxy, beside its own."""
    stub: str = ""
    site: bool = True
    """Whether the stub has a site of its own."""
    table: bool = True
    """Whether it serves a file, so that the table's can be in its place."""
    keeps_log: bool = False
    services: Mapping[str, Any] = field(default_factory=dict)
    """What a test changes of other services."""

    @property
    def project(self) -> str:
        """How the engine names it."""
        return f"autoconfig-{self.name}"

    def files(self) -> list[Path]:
        """The compose files: the stub's, the example's own, and what the lab changes."""
        stub = [STUBS / self.stub] if self.stub else []
        return [*stub, EXAMPLES / self.name / self.file, self.changes()]

    def changes(self) -> Path:
        """The file with what the lab changes, written anew."""
        path = CACHE / f"{self.name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._text(), "utf-8")
        return path

    def _text(self) -> str:
        proxy = {
            "image": "autoconfig-lab/proxies",
            "entrypoint": [each.replace("$", "$$") for each in self.entrypoint],
            "volumes": list(self.mounts),
        }
        networks = self._network()
        lines = [
            "services:",
            f"  {self.proxy}: {json.dumps(proxy)[:-1]}, ports: !reset []}}",
            f"networks: {json.dumps(networks)}",
        ]
        table = [f"{CACHE}/table:/etc/mail-autoconfig:ro"] if self.table else []
        service = {"volumes": table, "healthcheck": {"interval": "1s"}}
        changes = {"autoconfig": service, **self.services}
        lines[1:1] = [f"  {name}: {json.dumps(each)}" for name, each in changes.items()]
        return "\n".join(lines) + "\n"

    def _network(self) -> Mapping[str, Any]:
        name = "default"
        if self.stub:
            name = next(
                iter(yaml.safe_load((STUBS / self.stub).read_text()).get("networks", [name]))
            )
        return {name: {"ipam": {"config": [{"subnet": "198.18.51.0/24"}]}}}

    def compose(self, *arguments: str) -> str:
        """Run docker compose in the example's directory; its output."""
        files = [f"--file={path}" for path in self.files()]
        return docker(
            *("run", "--rm", "--volume=/var/run/docker.sock:/var/run/docker.sock"),
            *(f"--volume={ROOT}:{ROOT}", f"--workdir={EXAMPLES / self.name}"),
            *("autoconfig-lab/compose", "docker", "compose", "--ansi=never"),
            *(f"--project-name={self.project}", f"--project-directory={EXAMPLES / self.name}"),
            *(*files, *arguments),
        ).stdout

    def inspect(self, service: str, template: str) -> str:
        """What the engine says of a service's container."""
        container = self.compose("ps", "--all", "--quiet", service).strip()
        return docker("inspect", "--format", template, container).stdout.strip()

    def address(self) -> str:
        """Where its proxy is reached."""
        return self.inspect(self.proxy, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")


def _nginx(certificates: str, tls: str = _TLS, prepare: str = "") -> tuple[str, ...]:
    script = _NGINX.replace("TLS", tls).replace("PREPARE", prepare)
    return ("sh", "-ec", script.replace("CERTIFICATES", certificates))


_CADDY = ("sh", "-ec", f"{CADDY_IS_ITS_AUTHORITY} wait")

SOURCES = Example("sources", "compose.yaml", "caddy", _CADDY, stub="sources.yml", site=False)
ALL = (
    Example("caddy", "compose.yaml", "caddy", _CADDY),
    Example(
        "traefik",
        "compose.yaml",
        "traefik",
        # No authority of the real world is asked.
        (
            "/opt/traefik/bin/traefik",
            "--certificatesresolvers.letsencrypt.acme.caserver=https://127.0.0.1:1",
            "--accesslog",
        ),
        mounts=(f"{TRAEFIK}:/opt/traefik:ro",),
        keeps_log=True,
    ),
    Example(
        "mailcow",
        "docker-compose.override.yml",
        "nginx-mailcow",
        _nginx("/etc/ssl/mail"),
        stub="mailcow.yml",
        keeps_log=True,
    ),
    Example(
        "mailu",
        "docker-compose.override.yml",
        "front",
        _nginx("/certs", "include /etc/nginx/tls.conf;", f"echo '{_TLS}' > /etc/nginx/tls.conf"),
        stub="mailu.yml",
        keeps_log=True,
    ),
    Example("docker-mailserver", "compose.override.yaml", "caddy", _CADDY, table=False),
    SOURCES,
)
