"""nginx and the issuer on Kubernetes: orders, a new domain, a renewal, with requests all the while.

The tests run in this order, after those of the front ends alone.
"""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kubernetes import load
from kubernetes.cluster import (
    CHART,
    ISSUER,
    LAB,
    NAME,
    NAMESPACE,
    NGINX,
    NODES,
    RELEASE,
    ROOT,
    VALIDITY,
    eventually,
    front_ends,
    helm,
    kubectl,
    left,
    objects,
    run,
    settled,
)

DOMAIN, NEW = "example.com", "example.org"
VOLUME = {
    "apiVersion": "v1",
    "kind": "PersistentVolume",
    "metadata": {"name": "issuer"},
    "spec": {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "local": {"path": "/var/lib/lab/issuer"},
        "nodeAffinity": {
            "required": {
                "nodeSelectorTerms": [
                    {
                        "matchExpressions": [
                            {
                                "key": "kubernetes.io/hostname",
                                "operator": "In",
                                "values": ["node1"],
                            }
                        ]
                    }
                ]
            }
        },
    },
}


def acme(*command: str) -> str:
    return run("docker", "exec", f"{LAB}-acme", *command).stdout


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Trusts the authority alone."""
    root: Path = tmp_path_factory.mktemp("acme") / "root.pem"
    trusted = (
        "--cacert",
        "/etc/lab/acme-ca.pem",
        "--connect-to",
        "acme.test:15000:127.0.0.1:15000",
    )
    root.write_text(acme("curl", "--silent", "--fail", *trusted, "https://acme.test:15000/roots/0"))
    return ssl.create_default_context(cafile=str(root))


def serial(context: ssl.SSLContext, address: str, name: str) -> str:
    """Of the certificate that this name gets there. Raises OSError where it gets none."""
    with (
        socket.create_connection((address, 443), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname=name) as wrapped,
    ):
        found = wrapped.getpeercert() or {}
        return str(found["serialNumber"])


def serials(context: ssl.SSLContext, domain: str) -> set[str]:
    """Of all addresses; none where one of them has none."""
    try:
        return {serial(context, each, f"autodiscover.{domain}") for each in NODES.values()}
    except OSError:
        return set()


def release(step: str, domains: list[str], *arguments: str) -> None:
    values: dict[str, Any] = {
        "autoconfig_domains": [{"name": each, "provider": "gandi"} for each in domains],
        "image": {"tag": "old"},
        "drainSeconds": 8,
        "service": {"externalIPs": [*NODES.values()]},
        "nginx": {"enabled": True, "image": f"{NGINX}:latest"},
        "issuer": {
            "authority": "https://acme.test:14000/dir",
            "ca": acme("cat", "/etc/lab/acme-ca.pem"),
            "every": 10,
            "clusterIP": ISSUER,
        },
    }
    file = ROOT / ".cache/kubernetes/values.json"
    file.write_text(json.dumps(values))
    waiting = ("--wait", "--timeout", "180s")
    helm(step, RELEASE, CHART, "--values", file, *waiting, *arguments)


def no_failure(context: ssl.SSLContext) -> AbstractContextManager[None]:
    return load.no_failure([*NODES.values()], 443, DOMAIN, context)


def test_install(context: ssl.SSLContext) -> None:
    run("docker", "exec", f"{LAB}-node1", "mkdir", "-p", "/var/lib/lab/issuer")
    file = ROOT / ".cache/kubernetes/volume.json"
    file.write_text(json.dumps(VOLUME))
    run("docker", "cp", str(file), f"{LAB}-node1:/volume.json")
    kubectl("apply", "-f", "/volume.json")
    release("install", [DOMAIN], "--create-namespace")
    eventually(lambda: len(serials(context, DOMAIN)) == 1, 120)
    settled()


def test_a_new_domain_gets_a_certificate(context: ssl.SSLContext) -> None:
    assert not serials(context, NEW)
    with no_failure(context):
        release("upgrade", [DOMAIN, NEW])
        eventually(lambda: len(serials(context, NEW)) == 1, 120)
        settled()


def test_a_renewed_certificate_reaches_all(context: ssl.SSLContext) -> None:
    before = serials(context, DOMAIN)
    with no_failure(context):
        renewed = partial(serials, context, DOMAIN)
        eventually(lambda: len(renewed()) == 1 and renewed() != before, VALIDITY)
        settled()


def test_a_pod_that_ends_finishes_what_it_has_begun(context: ssl.SSLContext) -> None:
    name = next(iter(front_ends()))
    with no_failure(context):
        kubectl("delete", "pod", name, "--wait=false")
        eventually(lambda: name not in front_ends())
        settled()
    assert [each["message"] for each in objects("events") if "Hook" in each["reason"]] == []


def test_drain_of_the_node_without_the_issuer(context: ssl.SSLContext) -> None:
    with no_failure(context):
        kubectl("drain", "node2", "--delete-emptydir-data", "--timeout=120s")
        settled()
        assert set(front_ends().values()) == {"node1"}
        kubectl("uncordon", "node2")


@pytest.mark.parametrize("container", ["responder", "nginx"])
def test_a_container_that_is_killed_hard(context: ssl.SSLContext, container: str) -> None:
    with load.load([*NODES.values()], 443, DOMAIN, context) as found:
        load.kill_hard(found, next(iter(front_ends())), container)


def test_the_issuer_may_read_no_secret() -> None:
    account = f"--as=system:serviceaccount:{NAMESPACE}:{NAME}-issuer"

    def may(*what: str) -> str:
        return kubectl("auth", "can-i", *what, account, check=False).strip()

    assert may("patch", f"secret/{NAME}-tls-1") == "yes"
    for what in ("get", f"secret/{NAME}-tls-1"), ("list", "secrets"), ("create", "secrets"):
        assert may(*what) == "no"
    assert may("patch", "secret/other") == "no"
    assert may("patch", f"deployment/{NAME}-issuer") == "no"


def test_uninstall_keeps_what_was_ordered() -> None:
    helm("uninstall", RELEASE)
    eventually(lambda: left() == [f"persistentvolumeclaim/{NAME}-issuer"], 150)
