"""The example with sources: what is answered while a PostgreSQL changes, hangs and dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from support.answers import CONFIG
from support.compose import CACHE, EXAMPLES, SOURCES, Example
from support.containers import CONFIGURATION, CONFINED, IMAGE, docker, proxied, until

EVERY = 10
PASSWORD = "change-me"
OWN = CACHE / "sources"
QUICK = {
    "volumes": [f"{OWN}:{CONFIGURATION}:ro"],
    "healthcheck": {"interval": "1s"},
}
INSERT = "INSERT INTO domain VALUES "


class Started:
    """The example, whose source is read every ten seconds."""

    def __init__(self, example: Example) -> None:
        self.example = example
        self.ask = proxied(example.address())

    def answers(self, domain: str, host: str = "", scheme: str = "http") -> bool:
        """Whether settings are given for a domain."""
        path = f"{CONFIG}?emailaddress=u@{domain}"
        reply = self.ask(scheme, "GET", host or f"autoconfig.{domain}", path, {}, b"")
        assert reply.status in (200, 404)
        return reply.status == 200

    def sql(self, statement: str) -> None:
        """Change the database."""
        psql = ["runuser", "-u", "postgres", "--", "psql", "-q", "-v", "ON_ERROR_STOP=1", "postfix"]
        self.example.compose("exec", "-T", "postgres", *psql, "-c", statement)

    def sources(self, *command: str) -> str:
        """Run a command in the container that reads the sources."""
        return self.example.compose("exec", "-T", "sources", "mail-autoconfig", "sources", *command)

    def log(self, service: str) -> str:
        """All that a service has said."""
        return self.example.compose("logs", "--no-log-prefix", service)

    def process(self, service: str) -> Path:
        """Where the kernel has the first process of a service's container."""
        return Path("/proc", self.example.inspect(service, "{{.State.Pid}}"))


@pytest.fixture(scope="module")
def started() -> Iterator[Started]:
    raw = yaml.safe_load((EXAMPLES / "sources/config/domains.yml").read_text())
    raw["autoconfig_sources"][0]["every"] = EVERY
    OWN.mkdir(parents=True, exist_ok=True)
    (OWN / "domains.yml").write_text(yaml.safe_dump(raw))
    example = replace(SOURCES, table=False, services={"sources": QUICK})
    example.compose("down", "--volumes", "--timeout=1")
    try:
        example.compose("up", "--detach", "--wait", "--quiet-pull")
        yield Started(example)
    finally:
        example.compose("down", "--volumes", "--timeout=1")


def test_domains_of_the_database_are_answered(started: Started) -> None:
    """Over plain http at their own names, over https at the generic host; and the file's."""
    until(lambda: started.answers("customer.test"))
    assert started.answers("customer.test", "auto.example.com", "https")
    assert started.answers("example.com", scheme="https")
    assert not started.answers("stranger.test")
    assert "customers: 1 domains" in started.log("sources")


def test_a_domain_comes_by_sql(started: Started) -> None:
    assert not started.answers("new.test")
    started.sql(f"{INSERT} ('new.test')")
    until(lambda: started.answers("new.test"), EVERY + 1)


def test_what_reads_has_no_rights(started: Started) -> None:
    """And leaves nothing behind: no reader, no dead one."""
    status = (started.process("sources") / "status").read_text()
    found = dict(line.split(":\t", 1) for line in status.splitlines())
    assert found["Uid"].split() == found["Gid"].split() == ["10001"] * 4
    assert (found["CapEff"], found["NoNewPrivs"]) == ("0" * 16, "1")
    container = started.example.compose("ps", "--quiet", "sources").strip()
    until(lambda: len(docker("top", container, "-o", "pid,stat").stdout.splitlines()) == 2)


def test_password_is_for_what_reads_alone(started: Started) -> None:
    assert PASSWORD in (started.process("sources") / "root/run/secrets/sources-secrets").read_text()
    assert not (started.process("autoconfig") / "root/run/secrets").exists()
    for service in ("autoconfig", "sources", "caddy"):
        assert PASSWORD not in started.example.inspect(service, "{{json .}}")
    for name in ("cmdline", "environ"):
        assert PASSWORD not in (started.process("sources") / name).read_text()


def test_database_that_was_emptied_is_believed_when_somebody_says_so(started: Started) -> None:
    """By the line that the log has."""
    started.sql("DELETE FROM domain")
    until(lambda: "only 0 of 2 domains" in started.log("sources"), EVERY + 5)
    assert started.answers("customer.test")
    assert "mail-autoconfig sources update --accept customers" in started.log("sources")
    started.sources("update", "--accept", "customers")
    until(lambda: not started.answers("customer.test"))
    started.sql(f"{INSERT} ('customer.test'), ('new.test')")
    docker("kill", "--signal=HUP", started.example.compose("ps", "--quiet", "sources").strip())
    until(lambda: started.answers("customer.test"), EVERY + 1)


def test_sigterm_ends_it_while_the_database_hangs(started: Started) -> None:
    container = started.example.compose("ps", "--quiet", "sources").strip()
    postgres = started.example.compose("ps", "--quiet", "postgres").strip()
    docker("pause", postgres)
    try:
        until(lambda: len(docker("top", container, "-o", "pid").stdout.splitlines()) > 2, EVERY + 5)
        begun = time.monotonic()
        docker("stop", "--time=30", container)
        assert time.monotonic() - begun < 3
    finally:
        docker("unpause", postgres)
    assert started.example.inspect("sources", "{{.State.ExitCode}} {{.State.OOMKilled}}") == (
        "0 false"
    )
    assert "Traceback" not in started.log("sources")
    started.example.compose("start", "sources")
    until(lambda: started.example.inspect("sources", "{{.State.Health.Status}}") == "healthy")


def test_database_that_is_killed_takes_nothing_away(started: Started) -> None:
    """Nor does a start of what answers, or of what reads, without it; and one line says it."""
    started.example.compose("kill", "postgres")
    line = "customers: not read: "
    before = started.log("sources").count(line)
    until(lambda: started.log("sources").count(line) > before, EVERY + 15)
    started.example.compose("restart", "--timeout=5", "sources", "autoconfig")
    until(lambda: started.example.inspect("autoconfig", "{{.State.Health.Status}}") == "healthy")
    until(lambda: started.example.inspect("sources", "{{.State.Health.Status}}") == "healthy")
    assert started.answers("customer.test")
    assert started.answers("new.test")
    time.sleep(EVERY + 2)
    assert started.log("sources").count(line) == before + 2  # once by each process
    assert started.answers("new.test")


def test_password_is_in_no_log(started: Started) -> None:
    logs = started.example.compose("logs")
    assert "customers: not read: " in logs
    assert PASSWORD not in logs


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"type": "sql", "url": "postgresql://reader@127.0.0.1:1/x"}, "refused"),
        ({"type": "sql", "url": "mysql://reader@127.0.0.1:1/x"}, "refused"),
        ({"type": "sql", "url": "sqlite:////none.db"}, "unable to open database file"),
        ({"type": "ldap", "url": "ldap://127.0.0.1:1/dc=x", "user": "cn=x"}, "refused"),
        ({"type": "http", "url": "http://127.0.0.1:1"}, "refused"),
    ],
    ids=lambda each: each["url"] if isinstance(each, dict) else "",
)
def test_image_has_what_each_type_needs(
    source: dict[str, object], said: str, tmp_path: Path
) -> None:
    queries = {
        "sql": "SELECT 1",
        "ldap": {"filter": "(mail=*)", "domain": "mail"},
        "http": {"path": "x", "domain": "name"},
    }
    found = {"name": "it", "timeout": 5, "domains": queries.get(str(source["type"])), **source}
    raw = {"autoconfig_generic_host": "auto.example.com", "autoconfig_sources": [found]}
    (tmp_path / "domains.yml").write_text(yaml.safe_dump(raw))
    tmp_path.chmod(0o755)
    volumes = f"--volume={tmp_path}:{CONFIGURATION}:ro", "--volume=/var/lib/mail-autoconfig"
    update = "sources", "update", "--wait=0"
    done = docker("run", "--rm", "--network=none", *CONFINED, *volumes, IMAGE, *update)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
