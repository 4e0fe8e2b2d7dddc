"""A Kubernetes of two nodes, each a container of the lab (tests/lab/images/kubernetes)."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HELM = ROOT / ".cache/helm/helm"
CHART = ROOT / "charts/mail-autoconfig"
KUBECONFIG = ROOT / ".cache/kubernetes/kubeconfig"
LAB = "autoconfig-kubernetes"
NODES = {"node1": "198.18.54.11", "node2": "198.18.54.12"}
SUBNET = "198.18.54.0/24"
DNS, ACME = "198.18.54.2", "198.18.54.3"
PROXY_PORT = 8088
ISSUER = "10.96.0.80"
IMAGE, NGINX = "mailhost/autoconfig", "autoconfig-lab/nginx"
NAMESPACE, RELEASE = "mail", "acme"
NAME = f"{RELEASE}-mail-autoconfig"
VALIDITY = 300  # seconds of a certificate; renewed after half of them
# What containers and Kubernetes' programs need on a node. Not all there are, since a lab may run
# where some are forbidden.
_CAPABILITIES = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_ADMIN",
    "SYS_CHROOT",
    "SYS_PTRACE",
)


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command on this machine; with `check`, fail with all that it says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def kubectl(*arguments: str, check: bool = True) -> str:
    """Run kubectl in the release's namespace; return what it says."""
    kubeconfig = ("--kubeconfig", "/var/lib/lab/kubeconfig", "--namespace", NAMESPACE)
    return run(
        "docker", "exec", f"{LAB}-node1", "kubectl", *kubeconfig, *arguments, check=check
    ).stdout


def helm(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run Helm in the release's namespace."""
    where = ("--kubeconfig", KUBECONFIG, "--namespace", NAMESPACE)
    return run(HELM, *where, *arguments, check=check)


def objects(kind: str, *arguments: str) -> list[dict[str, Any]]:
    """The objects of a kind, as the cluster has them."""
    found: list[dict[str, Any]] = json.loads(kubectl("get", kind, "-o", "json", *arguments))[
        "items"
    ]
    return found


def front_ends() -> dict[str, str]:
    """Pod -> node, of the front ends that are ready and not about to go."""
    return {
        pod["metadata"]["name"]: pod["spec"]["nodeName"]
        for pod in objects("pods", "-l", "app.kubernetes.io/component=front-end")
        if "deletionTimestamp" not in pod["metadata"]
        and all(each["ready"] for each in pod["status"].get("containerStatuses", [{"ready": 0}]))
    }


def kill(pod: str, container: str) -> None:
    """End a container's program as the kernel does when memory is short."""
    (found,) = (each for each in objects("pods") if each["metadata"]["name"] == pod)
    (identifier,) = (
        each["containerID"].removeprefix("containerd://")
        for each in found["status"]["containerStatuses"]
        if each["name"] == container
    )
    ctr = ("ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", identifier)
    run("docker", "exec", f"{LAB}-{found['spec']['nodeName']}", *ctr)


def restarts() -> int:
    """How often programs of the front ends were started again."""
    return sum(
        each["restartCount"]
        for pod in objects("pods", "-l", "app.kubernetes.io/component=front-end")
        for each in pod["status"].get("containerStatuses", [])
    )


def settled() -> None:
    """Wait until there are two front ends, and none that is about to go."""
    selector = ("pods", "-l", "app.kubernetes.io/component=front-end")
    eventually(lambda: len(objects(*selector)) == len(front_ends()) == 2, 150)


def left() -> list[str]:
    """What the namespace still has of the release, of any kind but events."""
    kinds = kubectl("api-resources", "--namespaced", "--verbs=list", "-o", "name").split()
    kinds = [each for each in kinds if not each.startswith("events")]
    names = kubectl("get", ",".join(kinds), "-o", "name").split()
    return [name for name in names if NAME in name]


def eventually(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.2)


@contextmanager
def cluster(images: list[str]) -> Iterator[None]:
    """Start both nodes with these images of the engine, and remove them afterwards."""
    _remove()
    run("docker", "network", "create", "--subnet", SUBNET, LAB)
    KUBECONFIG.parent.mkdir(parents=True, exist_ok=True)
    try:
        _start_services()
        for number, name in enumerate(NODES, 1):
            _start(name, number)
        _route()
        eventually(lambda: len(_ready()) == len(NODES), 120)
        KUBECONFIG.write_text(
            run("docker", "exec", f"{LAB}-node1", "cat", "/var/lib/lab/kubeconfig").stdout
        )
        KUBECONFIG.chmod(0o600)
        for name in NODES:
            _load(name, images)
        yield
    finally:
        _remove()


def _start(name: str, number: int) -> None:
    capabilities = [f"--cap-add={each}" for each in _CAPABILITIES]
    open_ = [f"--security-opt={each}=unconfined" for each in ("seccomp", "apparmor", "systempaths")]
    volumes = ["/sys/fs/cgroup:/sys/fs/cgroup:rw", "/var/lib/containerd", "/var/lib/kubelet"]
    run(
        *("docker", "run", "--detach", "--name", f"{LAB}-{name}", "--hostname", name),
        *("--network", LAB, "--ip", NODES[name], "--cgroupns", "host", "--tmpfs", "/run"),
        *capabilities,
        *open_,
        *(f"--volume={each}" for each in volumes),
        *("autoconfig-lab/kubernetes", "node", name, str(number), NODES["node1"], DNS),
    )


def _start_services() -> None:
    """A name server for pods and the authority, and an authority whose certificates end soon."""
    in_lab = ("docker", "run", "--detach", "--network", LAB)
    records = [
        f"--address=/example.com/{NODES['node1']}",
        f"--address=/example.org/{NODES['node2']}",
    ]
    records += [f"--host-record=acme.test,{ACME}", "--local=/test/cluster.local/com/org/"]
    records.append(f"--host-record={NAME}-issuer.{NAMESPACE}.svc.cluster.local,{ISSUER}")
    dnsmasq = ("dnsmasq", "--keep-in-foreground", "--user=root", "--no-hosts", "--no-resolv")
    run(
        *(*in_lab, "--name", f"{LAB}-dns", "--ip", DNS, "autoconfig-lab/services"),
        *(*dnsmasq, *records),
    )
    settings = {
        "listenAddress": "0.0.0.0:14000",
        "managementListenAddress": "0.0.0.0:15000",
        "certificate": "/etc/lab/acme.pem",
        "privateKey": "/etc/lab/acme.key",
        "httpPort": 80,
        "tlsPort": 443,
        "certificateValidityPeriod": VALIDITY,
        "profiles": {"default": {"description": "short", "validityPeriod": VALIDITY}},
    }
    file = KUBECONFIG.with_name("pebble.json")
    file.write_text(json.dumps({"pebble": settings}))
    switches = ("PEBBLE_AUTHZREUSE=0", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
    run(
        *(*in_lab, "--name", f"{LAB}-acme", "--ip", ACME, f"--volume={file}:/etc/pebble.json:ro"),
        *(f"--env={each}" for each in switches),
        *("autoconfig-lab/services", "pebble", "-config", "/etc/pebble.json"),
        *("-dnsserver", f"{DNS}:53"),
    )


def _route() -> None:
    """Each node finds the pods of the other one."""
    for name in NODES:
        for number, (other, address) in enumerate(NODES.items(), 1):
            if other != name:
                route = ("ip", "route", "add", f"10.88.{number}.0/24", "via", address)
                run("docker", "exec", f"{LAB}-{name}", *route)


def _ready() -> list[str]:
    nodes = kubectl("get", "nodes", "--no-headers", check=False).splitlines()
    return [line for line in nodes if " Ready" in line]


def _load(name: str, images: list[str]) -> None:
    into = ("docker", "exec", "--interactive", f"{LAB}-{name}", "ctr", "-n", "k8s.io")
    with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
        subprocess.run(
            [*into, "images", "import", "-"], stdin=saved.stdout, check=True, capture_output=True
        )


@contextmanager
def proxy(pods: Iterable[str]) -> Iterator[None]:
    """Run nginx on the first node, as a controller of its kind does: it asks the pods themselves.

    It has nginx's own settings: what one does not answer is asked of the next one.
    """
    servers = "".join(f"server {address}:8080;" for address in pods)
    passed = "proxy_pass http://pods; proxy_set_header Host $host;"
    server = f"server {{ listen {PROXY_PORT}; location / {{ {passed} }} }}"
    file = KUBECONFIG.with_name("proxy.conf")
    file.write_text(f"events {{}}\nhttp {{ upstream pods {{ {servers} }} {server} }}\n")
    run(
        *("docker", "run", "--detach", "--name", f"{LAB}-proxy"),
        *("--network", f"container:{LAB}-node1", f"--volume={file}:/etc/nginx/nginx.conf:ro"),
        *(NGINX, "nginx", "-g", "daemon off;"),
    )
    try:
        yield
    finally:
        run("docker", "rm", "--force", f"{LAB}-proxy")


def _remove() -> None:
    for name in ("proxy", "ingress", *NODES, "dns", "acme"):
        run("docker", "rm", "--force", "--volumes", f"{LAB}-{name}", check=False)
    run("docker", "network", "rm", LAB, check=False)
