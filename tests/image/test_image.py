"""The image alone: what is in it, how it answers, what it does with signals."""

from __future__ import annotations

import http.client
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest

from support import answers
from support.answers import CONFIG, JSON, POX, PROFILE, Case, pox_request, run
from support.containers import (
    CONFIGURATION,
    CONFINED,
    IMAGE,
    PORT,
    Container,
    docker,
    through,
    until,
)

MEGABYTE = 1_000_000
ASKERS = 8


def variables() -> dict[str, object]:
    """The table's configuration as an inventory has it."""
    return {f"autoconfig_{key}": value for key, value in answers.configuration().items()}


@pytest.fixture(scope="module")
def container(network: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    found = Container("autoconfig-image-one", tmp_path_factory.mktemp("one"), network)
    found.remove()
    found.write(variables())
    found.start()
    yield found
    found.remove()


@pytest.mark.parametrize("case", answers.cases(), ids=lambda case: case.name)
def test_same_answers_as_through_nginx(container: Container, case: Case) -> None:
    run(case, through(container.address))


def test_process_has_no_rights(container: Container) -> None:
    assert container.inspect("{{.Config.User}}") == "10001:10001"
    status = Path("/proc", container.inspect("{{.State.Pid}}"), "status").read_text()
    found = dict(line.split(":\t", 1) for line in status.splitlines())
    assert found["Uid"].split() == found["Gid"].split() == ["10001"] * 4
    assert (found["CapEff"], found["CapPrm"], found["NoNewPrivs"]) == ("0" * 16, "0" * 16, "1")


def test_nothing_but_what_runs(container: Container, tmp_path: Path) -> None:
    """Neither a shell nor a package manager, nothing with a set-user bit."""
    for shell in ("sh", "/bin/sh", "bash", "busybox"):
        assert docker("exec", container.name, shell, check=False).returncode != 0
    docker("export", "--output", str(tmp_path / "tar"), container.name)
    with tarfile.open(tmp_path / "tar") as tar:
        members = tar.getmembers()
    programs = {Path(each.name).name for each in members if "bin" in Path(each.name).parts[:-1]}
    assert programs == {"mail-autoconfig", "python3", "python3.13"}
    assert [each.name for each in members if each.isfile() and each.mode & 0o7002] == []


def test_size() -> None:
    size = int(docker("image", "inspect", "--format", "{{.Size}}", IMAGE).stdout)
    assert size < 120 * MEGABYTE


def test_scanners_find_its_packages(container: Container, tmp_path: Path) -> None:
    docker("cp", f"{container.name}:/var/lib/dpkg/status.d/python3-uvicorn", str(tmp_path / "it"))
    assert "\nVersion: " in (tmp_path / "it").read_text()


def test_health_command(container: Container) -> None:
    ask = ("exec", container.name, "mail-autoconfig", "health")
    assert docker(*ask).stdout == ""
    wrong = docker(*ask, "--port", "81", check=False)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)


def test_no_address_in_the_log(container: Container) -> None:
    ask = through(container.address)
    address = "somebody@example.test"
    for scheme in ("https", "http"):
        for path in (f"{CONFIG}?emailaddress={address}", f"{PROFILE}?email={address}",
                     f"{JSON}/v1.0/{address}?Protocol=x", f"/{address}"):  # fmt: skip
            ask(scheme, "GET", "autodiscover.example.test", path, {}, b"")
        ask(scheme, "POST", "autodiscover.example.test", POX, {}, pox_request(address))
    assert "somebody" not in container.log()


def test_logo_and_texts_of_the_file(container: Container) -> None:
    (container.directory / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    container.write(variables() | {"autoconfig_page_logo": "logo.svg"})
    reload(container)
    page = through(container.address)("https", "GET", "autoconfig.example.test", "/", {}, b"")
    assert b"data:image/svg+xml;base64," in page.body


def reload(container: Container) -> None:
    """Let it read its file again, and wait until it has said what came of it."""
    before = container.log().count("\n")
    docker("kill", "--signal=HUP", container.name)
    until(lambda: container.log().count("\n") > before)


@contextmanager
def load(targets: Callable[[], list[str]]) -> Iterator[list[str]]:
    """Many clients that ask, on kept and on new connections; what failed, in the end."""
    end, failures, count = Event(), [], [0] * ASKERS

    def ask(number: int) -> None:
        kept: dict[str, http.client.HTTPConnection] = {}
        turn = number
        while not end.is_set():
            turn += 1
            addresses = targets()
            address = addresses[turn % len(addresses)]
            connection = kept.pop(address, None) or http.client.HTTPConnection(address, PORT, 20)
            try:
                connection.request("GET", f"{CONFIG}?emailaddress=u@example.test")
                answer = connection.getresponse()
                answer.read()
                count[number] += 1
                if answer.status != 200:
                    failures.append(f"status {answer.status}")
            except (OSError, http.client.HTTPException) as error:
                failures.append(f"{type(error).__name__}: {error}")
            if number % 2 and connection.sock:  # the server has not asked for another one
                kept[address] = connection
            else:
                connection.close()
        for connection in kept.values():
            connection.close()

    with ThreadPoolExecutor(ASKERS) as pool:
        asking = [pool.submit(ask, number) for number in range(ASKERS)]
        try:
            yield failures
        finally:
            end.set()
        for each in asking:
            each.result()
    assert min(count) > 20, count


def test_reload_under_load(container: Container) -> None:
    address = container.address
    with load(lambda: [address]) as failures:
        for number in range(1, 4):
            new = {"name": f"new{number}.test", "provider": "gandi"}
            raw = variables()
            raw["autoconfig_domains"] = [*answers.configuration()["domains"], new]
            container.write(raw)
            reload(container)
            path = f"{CONFIG}?emailaddress=u@{new['name']}"
            assert through(address)("https", "GET", "x", path, {}, b"").status == 200
    assert failures == []


def test_bad_file_leaves_the_old_one(container: Container) -> None:
    container.write(variables())
    reload(container)
    before = container.log()
    container.write("autoconfig_domains: [{name: example.test, provider: gandy}]")
    reload(container)
    until(lambda: "stays in force" in container.log().removeprefix(before))
    first, second = container.log().removeprefix(before).splitlines()
    assert 'domains.yml: domain example.test, provider: no provider "gandy"' in first
    assert second == "ERROR the previous configuration stays in force"
    assert container.is_healthy()
    path = f"{CONFIG}?emailaddress=u@corp.test"
    assert through(container.address)("https", "GET", "x", path, {}, b"").status == 200


def healthy(address: str) -> bool:
    try:
        with closing(http.client.HTTPConnection(address, PORT, timeout=2)) as connection:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
    except OSError:
        return False


def test_stop_under_load(container: Container, network: str) -> None:
    """One of two stops; who asks their health, as a balancer does, loses nothing."""
    container.write(variables())
    other = Container("autoconfig-image-two", container.directory, network)
    other.remove()
    drain = ("serve", "--host=::", f"--port={PORT}", "--drain=3")
    try:
        other.start(*drain, f"{CONFIGURATION}/domains.yml")
        addresses = [container.address, other.address]
        up = list(addresses)
        with load(lambda: up) as failures, ThreadPoolExecutor(1) as pool:
            stopping = pool.submit(docker, "stop", "--time=20", other.name)
            while not stopping.done():
                up = [each for each in addresses if healthy(each)]
                time.sleep(1)  # balancers ask seldom
        assert failures == []
        assert up == addresses[:1]
        assert other.inspect("{{.State.ExitCode}} {{.State.OOMKilled}}") == "0 false"
    finally:
        other.remove()


def test_what_is_begun_is_answered_after_sigterm(container: Container, network: str) -> None:
    """Without a time to drain too; and the next one is refused at once, not left to wait."""
    container.write(variables())
    other = Container("autoconfig-image-two", container.directory, network)
    other.remove()
    try:
        other.start()
        address, body = other.address, pox_request("u@example.test")
        with closing(http.client.HTTPConnection(address, PORT, timeout=20)) as slow:
            slow.putrequest("POST", POX)
            slow.putheader("Content-Length", str(len(body)))
            slow.endheaders(body[:50])
            stopping = subprocess.Popen(["docker", "stop", "--time=20", other.name],
                                        stdout=subprocess.DEVNULL)  # fmt: skip
            until(lambda: not healthy(address))
            slow.send(body[50:])
            answer = slow.getresponse()
            assert (answer.status, answer.getheader("connection")) == (200, "close")
            assert b"<Protocol>" in answer.read()
        assert stopping.wait(20) == 0
        assert other.inspect("{{.State.ExitCode}}") == "0"
    finally:
        other.remove()


def call(*arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return docker("run", "--rm", "--network=none", *CONFINED, *options, IMAGE, *arguments,
                  check=False)  # fmt: skip


def test_one_domain_of_the_environment(network: str, tmp_path: Path) -> None:
    found = Container("autoconfig-image-two", tmp_path, network)
    found.remove()
    own = {"DOMAIN": "a.test", "IMAP": "mail.a.test", "SMTP": "mail.a.test:587"}
    try:
        found.start(options=tuple(f"--env=AUTOCONFIG_{key}={own[key]}" for key in own))
        path = f"{CONFIG}?emailaddress=u@a.test"
        reply = through(found.address)("https", "GET", "autoconfig.a.test", path, {}, b"")
        assert (reply.status, b"<socketType>STARTTLS<" in reply.body) == (200, True)
    finally:
        found.remove()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "domains.yml: can't be read: No such file or directory\n"),
        (
            ("--env=AUTOCONFIG_SMTP=mail.a.test",),
            "domains.yml: AUTOCONFIG_SMTP without AUTOCONFIG_DOMAIN; set it too\n",
        ),
    ],
)
def test_nothing_to_serve(options: tuple[str, ...], said: str) -> None:
    found = call(options=options)
    assert (found.returncode, found.stdout, found.stderr) == (1, "", said)


def test_check(container: Container) -> None:
    container.write(variables())
    mount = f"--volume={container.directory}:{CONFIGURATION}:ro"
    found = call("check", f"{CONFIGURATION}/domains.yml", options=(mount,))
    count = len(answers.configuration()["domains"])
    assert (found.returncode, found.stdout) == (0, f"domains.yml: {count} domains, all right\n")


def test_dns_records(container: Container) -> None:
    container.write(variables())
    mount = f"--volume={container.directory}:{CONFIGURATION}:ro"
    found = call("dns", "--address=192.0.2.1", f"{CONFIGURATION}/domains.yml", options=(mount,))
    assert found.returncode == 0, found.stderr
    assert "_autodiscover._tcp" in found.stdout


def test_doctor_has_what_it_imports() -> None:
    found = call("doctor")
    assert (found.returncode, found.stderr.partition(";")[0]) == (2, "doctor: no domain to examine")
