"""The chart on a real Kubernetes of two nodes: requests all the while, and none of them fails.

The tests run in this order, each on what the one before has left.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import Any

from kubernetes import load
from kubernetes.cluster import (
    CHART,
    IMAGE,
    NAME,
    NODES,
    PROXY_PORT,
    RELEASE,
    ROOT,
    eventually,
    front_ends,
    helm,
    kill,
    kubectl,
    left,
    objects,
    proxy,
    restarts,
    run,
    settled,
)
from kubernetes.load import ask

DOMAIN, NEW = "example.com", "example.org"
DRAIN = 8
PLAIN = {"name": DOMAIN, "provider": "gandi"}


def release(
    step: str,
    *arguments: str,
    domains: list[dict[str, Any]],
    tag: str = "old",
    check: bool = True,
    **more: Any,
) -> str:
    """Install or upgrade, with more values; return what Helm says."""
    values = {
        "autoconfig_domains": domains,
        "image": {"tag": tag},
        "drainSeconds": DRAIN,
        "service": {"type": "NodePort"},
        **more,
    }
    file = ROOT / ".cache/kubernetes/values.json"
    file.write_text(json.dumps(values))
    waiting = ("--wait", "--timeout", "120s")
    done = helm(step, RELEASE, CHART, "--values", file, *waiting, *arguments, check=check)
    assert check or done.returncode
    return done.stdout + done.stderr


def port() -> int:
    (service,) = objects("services")
    found: int = service["spec"]["ports"][0]["nodePort"]
    return found


def no_failure() -> AbstractContextManager[None]:
    return load.no_failure([*NODES.values()], port(), DOMAIN)


def answers(domain: str) -> bool:
    return all(ask(address, port(), domain)[0] == 200 for address in NODES.values())


def test_install() -> None:
    release("install", "--create-namespace", domains=[PLAIN])
    assert set(front_ends().values()) == set(NODES)
    assert answers(DOMAIN)
    assert not answers(NEW)


def test_a_new_domain_is_a_changed_value() -> None:
    before = front_ends()
    with no_failure():
        release("upgrade", domains=[PLAIN, {"name": NEW, "provider": "gandi"}])
        settled()
    assert not before.keys() & front_ends().keys()
    assert answers(NEW)


def test_wrong_values_change_nothing() -> None:
    before = front_ends()
    with no_failure():
        release("upgrade", domains=[{"name": DOMAIN, "provider": "gandy"}], check=False)
    assert front_ends() == before
    assert 'no provider "gandy"; did you mean "gandi"?' in kubectl("logs", f"job/{NAME}-check")
    assert answers(NEW)


def test_upgrade() -> None:
    with no_failure():
        release("upgrade", domains=[PLAIN], tag="new")
        settled()
    assert image() == f"{IMAGE}:new"
    assert not answers(NEW)


def test_rollback() -> None:
    with no_failure():
        helm("rollback", RELEASE, "2", "--wait", "--timeout", "120s")
        settled()
    assert image() == f"{IMAGE}:old"
    assert answers(NEW)


def image() -> str:
    (front,) = objects("deployments")
    found: str = front["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


def test_a_pod_that_ends_says_so_and_answers_on() -> None:
    name = next(iter(front_ends()))
    address = next(p["status"]["podIP"] for p in objects("pods") if p["metadata"]["name"] == name)
    with no_failure():
        kubectl("delete", "pod", name, "--wait=false")
        eventually(lambda: inside(address, "/healthz") == 503, DRAIN)
        assert inside(address, "/mail/config-v1.1.xml") == 200
        settled()
    assert name not in front_ends()


def inside(address: str, path: str) -> int:
    """What a pod itself answers to a node."""
    said = run(
        *("docker", "exec", "autoconfig-kubernetes-node1", "curl", "--silent", "--max-time", "2"),
        *("--output", "/dev/null", "--write-out", "%{http_code}"),
        *("--header", f"Host: autoconfig.{DOMAIN}", f"http://{address}:8080{path}"),
        check=False,
    )
    return int(said.stdout or 0)


def test_a_front_end_that_is_killed_hard_refuses_connections() -> None:
    with load.load([*NODES.values()], port(), DOMAIN) as found:
        load.kill_hard(found, next(iter(front_ends())), "responder")
    broken = {"ConnectionRefusedError", "ConnectionResetError", "RemoteDisconnected"}
    assert broken >= set(found.failures)


def test_nginx_in_front_hides_that() -> None:
    pods = objects("pods", "-l", "app.kubernetes.io/component=front-end")
    in_front = proxy(each["status"]["podIP"] for each in pods)
    with in_front, load.no_failure([NODES["node1"]], PROXY_PORT, DOMAIN):
        before = restarts()
        kill(next(iter(front_ends())), "responder")
        eventually(lambda: restarts() > before)
        settled()


def test_drain_of_a_node() -> None:
    node = next(iter(front_ends().values()))
    with no_failure():
        kubectl("drain", node, "--ignore-daemonsets", "--timeout=120s")
        settled()
        assert set(front_ends().values()) == NODES.keys() - {node}
        kubectl("uncordon", node)


def test_autoscaling_without_figures_is_the_smallest_number() -> None:
    """There is no metrics API here. What sets the number changes from Helm to the cluster."""
    with no_failure():
        release("upgrade", domains=[PLAIN], autoscaling={"enabled": True, "maxReplicas": 4})
        eventually(lambda: objects("hpa")[0]["status"].get("desiredReplicas") == 2, 120)
        settled()


def test_uninstall() -> None:
    helm("uninstall", RELEASE)
    eventually(lambda: left() == [], 150)
