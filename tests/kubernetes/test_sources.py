"""Sources on Kubernetes: an API that comes, changes and goes, with requests all the while.

The tests run in this order, after those of the issuer, each on what the one before has left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from kubernetes import load
from kubernetes.cluster import (
    CHART,
    IMAGE,
    NODES,
    RELEASE,
    ROOT,
    eventually,
    front_ends,
    helm,
    kubectl,
    objects,
    settled,
)
from kubernetes.load import ask

DOMAIN, CUSTOMER, NEW = "example.com", "customer.example", "new.example"
API = "10.96.0.90"  # the lab's name server knows no Service
# What an API says: the names in its environment.
SERVER = """
import http.server, json, os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # a container's first process ignores it
class Names(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(os.environ["NAMES"].split()).encode())
http.server.HTTPServer(("", 8000), Names).serve_forever()
"""
SOURCE = {
    "name": "customers",
    "type": "http",
    "url": f"http://{API}:8000",
    "tls": False,
    "every": 10,
    "domains": {"path": "domains"},
    "domain": {"provider": "gandi"},
}
CONTAINERS = "initContainerStatuses", "containerStatuses"


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    helm("uninstall", RELEASE, check=False)
    kubectl("delete", "service,deployment", "api", check=False)


def release(step: str, *arguments: str, check: bool = True, **sources: Any) -> None:
    """Install or upgrade."""
    values = {
        "autoconfig_generic_host": "auto.example.com",
        "autoconfig_domains": [{"name": DOMAIN, "provider": "gandi"}],
        "autoconfig_sources": [SOURCE],
        "autoconfig_sources_secrets": {"customers": {"token": "hunter2"}},
        "image": {"tag": "old"},
        "drainSeconds": 8,
        "service": {"type": "NodePort"},
        "sources": sources,
    }
    file = ROOT / ".cache/kubernetes/values.json"
    file.write_text(json.dumps(values))
    waiting = ("--wait", "--timeout", "150s")
    done = helm(step, RELEASE, CHART, "--values", file, *waiting, *arguments, check=check)
    assert check or done.returncode


def port() -> int:
    (service,) = (each for each in objects("services") if each["metadata"]["name"] != "api")
    found: int = service["spec"]["ports"][0]["nodePort"]
    return found


def answers(domain: str) -> bool:
    return all(ask(address, port(), domain)[0] == 200 for address in NODES.values())


def no_failure(domain: str = CUSTOMER) -> AbstractContextManager[None]:
    return load.no_failure([*NODES.values()], port(), domain)


def running(container: str) -> int:
    """In how many pods a container runs."""
    return sum(
        each["name"] == container and "running" in each["state"]
        for pod in objects("pods", "-l", "app.kubernetes.io/component=front-end")
        for key in CONTAINERS
        for each in pod["status"].get(key, [])
    )


def api(replicas: int) -> None:
    """Let it be there, or be gone."""
    kubectl("scale", "deployment", "api", f"--replicas={replicas}")
    pods = ("pods", "-l", "app=api", "--field-selector=status.phase=Running")
    eventually(lambda: len(objects(*pods)) == replicas)


def test_a_front_end_that_read_nothing_is_not_ready() -> None:
    release("install", "--create-namespace", "--timeout=20s", check=False)
    eventually(lambda: running("sources-first") == 2)
    assert (front_ends(), running("responder")) == ({}, 0)


def test_it_answers_when_each_source_was_read() -> None:
    kubectl("create", "deployment", "api", f"--image={IMAGE}:old", "--", "python3", "-c", SERVER)
    kubectl("set", "env", "deployment/api", f"NAMES={CUSTOMER}")
    kubectl("expose", "deployment", "api", "--port=8000", f"--cluster-ip={API}")
    settled()
    assert answers(DOMAIN)
    assert answers(CUSTOMER)
    assert not answers(NEW)


def test_a_domain_comes_by_itself() -> None:
    before = front_ends()
    with no_failure():
        kubectl("set", "env", "deployment/api", f"NAMES={CUSTOMER} {NEW}")
        eventually(lambda: answers(NEW), 60)
    assert front_ends() == before


def test_a_source_that_is_down_takes_no_front_end_away() -> None:
    """An upgrade waits for it: those that know its domains stay, and end when others do."""
    api(0)
    before = front_ends()
    with no_failure():
        release("upgrade", "--timeout=30s", check=False, wait=900)
        eventually(lambda: running("sources-first") == 1)
        assert front_ends() == before
        api(1)
        settled()
        eventually(lambda: not before.keys() & front_ends().keys(), 150)
        settled()
    assert answers(NEW)


def test_it_waits_so_long_and_no_longer() -> None:
    """The domains of the values are answered then."""
    api(0)
    with no_failure(DOMAIN):
        release("upgrade", wait=15)
        settled()
    assert answers(DOMAIN)
    assert not answers(CUSTOMER)
    api(1)
    eventually(lambda: answers(CUSTOMER), 60)


def test_secret_is_in_no_log() -> None:
    for pod in front_ends():
        for container in ("sources-first", "sources", "responder"):
            assert "hunter2" not in kubectl("logs", pod, f"--container={container}")
    assert "customers: 2 domains" in kubectl("logs", next(iter(front_ends())), "-c", "sources")
