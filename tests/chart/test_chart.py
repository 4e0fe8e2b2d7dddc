"""The Helm chart: its objects, against Kubernetes' schemas and against what the program says."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from chart import rendered
from chart.rendered import ROOT, VALUES, RefusedError, component, of_kind, pods, render, written
from mail_autoconfig.certificates.settings import parse as parse_settings
from mail_autoconfig.cli import main, parser
from mail_autoconfig.inventory.names import plain_names, served_by_domain
from mail_autoconfig.inventory.read import parse
from mail_autoconfig.sources.secrets import MOUNTED
from mail_autoconfig.sources.secrets import load as load_secrets

GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))
VERSIONS = [f"1.{minor}" for minor in range(25, 38)]
# Objects of others, of which there is no schema here.
FOREIGN = "gateway.networking.k8s.io/v1", "monitoring.coreos.com/v1"
SMALLEST = {"autoconfig_domains": [{"name": "example.com", "provider": "gandi"}]}
STORE = Path("/var/lib/mail-autoconfig/store/domains.store")
SOURCES = ROOT / "tests/chart/values/sources.yaml"


def from_sql(**keys: Any) -> dict[str, Any]:
    """Values with a source alone, and no domain of their own."""
    usual = {
        "name": "customers",
        "type": "sql",
        "url": "postgresql://reader@db.example.com/postfix",
    }
    source = {**usual, "preset": "postfixadmin", "domain": {"provider": "gandi"}, **keys}
    return {"autoconfig_generic_host": "auto.example.com", "autoconfig_sources": [source]}


# Like the values, a name a file.
each_values = pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)


def all_of_it() -> dict[str, Any]:
    """Values that make each object of the chart."""
    return {**written(VALUES[0]), **written(ROOT / "tests/chart/values/everything.yaml")}


@pytest.mark.parametrize("version", VERSIONS)
@each_values
def test_objects_are_right_by_kubernetes_schemas(path: Path, version: str) -> None:
    objects = render(written(path), "--kube-version", version)
    judged = [each for each in objects if each["apiVersion"] not in FOREIGN]
    assert judged
    for each in judged:
        kubernetes_validate.validate(each, version, strict=True)


def test_schemas_refuse_what_is_wrong() -> None:
    (budget,) = of_kind(render(SMALLEST), "PodDisruptionBudget")
    budget["spec"]["maxUnavailabel"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(budget, "1.37", strict=True)


@pytest.mark.parametrize(
    ("version", "budget", "scaler"),
    [
        ("1.20.2", "policy/v1beta1", "autoscaling/v2beta2"),
        ("1.21.0", "policy/v1", "autoscaling/v2beta2"),
        ("1.23.0-gke.1", "policy/v1", "autoscaling/v2"),
        ("1.37.0", "policy/v1", "autoscaling/v2"),
    ],
)
def test_objects_are_of_an_api_that_the_cluster_has(version: str, budget: str, scaler: str) -> None:
    objects = render(all_of_it(), "--kube-version", version)
    assert [each["apiVersion"] for each in of_kind(objects, "PodDisruptionBudget")] == [budget]
    assert [each["apiVersion"] for each in of_kind(objects, "HorizontalPodAutoscaler")] == [scaler]


@each_values
def test_pods_are_restricted(path: Path) -> None:
    """By the Pod Security Standards; moreover the root file system is read-only."""
    found = list(pods(render(written(path))))
    assert found
    for pod in found:
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        kinds = {key for volume in pod["volumes"] for key in volume} - {"name"}
        assert kinds <= {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
        for container in pod["containers"] + pod.get("initContainers", []):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
            assert "hostPort" not in json.dumps(container.get("ports", []))


@each_values
def test_a_front_end_has_no_token_of_the_cluster(path: Path) -> None:
    front = component(render(written(path)), "Deployment")
    assert front["spec"]["template"]["spec"]["automountServiceAccountToken"] is False


@each_values
def test_selectors_select_the_front_ends_alone(path: Path) -> None:
    objects = render(written(path))
    front = component(objects, "Deployment")
    labels = front["spec"]["template"]["metadata"]["labels"]
    strangers = of_kind(objects, "Job") + of_kind(objects, "Deployment")
    others = [each["spec"]["template"]["metadata"]["labels"] for each in strangers if each != front]
    service = component(objects, "Service")
    selectors = [service["spec"]["selector"], front["spec"]["selector"]["matchLabels"]]
    selectors += [of_kind(objects, "PodDisruptionBudget")[0]["spec"]["selector"]["matchLabels"]]
    policy = component(objects, "NetworkPolicy")
    selectors += [policy["spec"]["podSelector"]["matchLabels"]]
    for selector in selectors:
        assert selector.items() <= labels.items()
        assert not any(selector.items() <= each.items() for each in others)


@each_values
def test_a_front_end_has_time_to_drain(path: Path) -> None:
    front = component(render(written(path)), "Deployment")
    pod = front["spec"]["template"]["spec"]
    (drain,) = (each for each in pod["containers"][0]["args"] if each.startswith("--drain="))
    ready = pod["containers"][0]["readinessProbe"]
    seconds = int(drain.removeprefix("--drain="))
    assert ready["periodSeconds"] * ready["failureThreshold"] < seconds
    assert seconds + 12 < pod["terminationGracePeriodSeconds"]
    for nginx in (each for each in pod["containers"] if each["name"] == "nginx"):
        assert nginx["command"][-1].startswith(f"trap 'sleep {seconds - 5}; kill -QUIT $!' TERM")
        assert "lifecycle" not in nginx
    assert front["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


@each_values
def test_the_program_takes_the_configuration(path: Path, tmp_path: Path) -> None:
    values = written(path)
    read = rendered.configuration(render(values))
    values.pop("autoconfig_sources_secrets", None)
    assert read == {key: value for key, value in values.items() if key.startswith("autoconfig_")}
    file = tmp_path / "domains.yml"
    file.write_text(json.dumps(read))
    assert main(["check", str(file)]) == 0


def inventory(values: dict[str, Any]) -> dict[str, Any]:
    """The configuration as the program has it."""
    names = "domains", "providers", "generic_host", "sources"
    return {key: values[f"autoconfig_{key}"] for key in names if f"autoconfig_{key}" in values}


def hosts(objects: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [tuple(rule["host"] for rule in each["spec"]["rules"]) for each in objects]


@each_values
def test_an_ingress_has_the_names_that_the_program_serves(path: Path) -> None:
    values = written(path)
    objects = of_kind(render({**values, "ingress": {"enabled": True}}), "Ingress")
    served = parse(inventory(values))
    secure = [each for each in objects if "tls" in each["spec"]]
    assert hosts(secure) == list(served_by_domain(served).values())
    assert [each["spec"]["tls"][0]["hosts"] for each in secure] == [*map(list, hosts(secure))]
    plain = [each for each in objects if "tls" not in each["spec"]]
    assert tuple(name for names in hosts(plain) for name in names) == plain_names(served)
    names = [each["metadata"]["name"] for each in objects]
    assert len(names) == len(set(names))


def test_a_route_has_the_names_of_an_ingress() -> None:
    values = {**written(ROOT / "tests/chart/values/ingress.yaml"), "ingress": {"enabled": True}}
    values["gateway"] = {"enabled": True, "parentRefs": [{"name": "web"}]}
    objects = render(values)
    routes = [tuple(each["spec"]["hostnames"]) for each in of_kind(objects, "HTTPRoute")]
    assert routes == hosts(of_kind(objects, "Ingress"))


def test_cert_manager_is_asked_for_names_with_certificates_alone() -> None:
    objects = of_kind(render(written(ROOT / "tests/chart/values/ingress.yaml")), "Ingress")
    issuer = "cert-manager.io/cluster-issuer"
    asked = ["tls" in each["spec"] for each in objects]
    assert [issuer in each["metadata"]["annotations"] for each in objects] == asked
    assert {True, False} == set(asked)


def test_another_configuration_is_another_pod() -> None:
    def checksum(values: dict[str, Any]) -> str:
        front = component(render(values), "Deployment")
        found: str = front["spec"]["template"]["metadata"]["annotations"]["checksum/configuration"]
        return found

    more = {"autoconfig_domains": [{"name": "example.org", "provider": "gandi"}]}
    assert checksum(SMALLEST) != checksum(more)
    assert checksum(SMALLEST) == checksum({**SMALLEST, "replicas": 3})


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "autoconfig_domains: Array must have at least 1 items"),
        ({"autoconfig_domain": []}, "Additional property autoconfig_domain is not allowed"),
        ({"replica": 3}, "Additional property replica is not allowed"),
        ({"replicas": "three"}, "replicas: Invalid type. Expected: integer, given: string"),
        ({"autoconfig_page_logo": "logo.svg"}, "autoconfig_page_logo: Does not match pattern"),
        ({"issuer": {"profile": "tls server"}}, "issuer.profile: Does not match pattern"),
        (
            {"autoconfig_domains": [{"name": "example.com"}]},
            "autoconfig_domains.0: provider is required",
        ),
        (
            {
                "autoconfig_domains": [{"name": "müller.example", "provider": "gandi"}],
                "ingress": {"enabled": True},
            },
            "müller.example: an Ingress or a Gateway takes a domain as xn--… alone",
        ),
        (
            {**SMALLEST, "gateway": {"enabled": True}},
            "gateway.parentRefs: name the Gateway whose listeners have the names",
        ),
        (
            {**SMALLEST, "autoconfig_sources": []} | {"autoconfig_domains": []},
            "autoconfig_domains: Array must have at least 1 items",
        ),
        (
            from_sql(type="command"),
            'autoconfig_sources.0.type must be one of the following: "sql", "ldap", "http"',
        ),
        (from_sql(path="/etc"), "autoconfig_sources.0: Additional property path is not allowed"),
        (from_sql(every=1), "autoconfig_sources.0.every: Must be greater than or equal to 10"),
        (from_sql(password="x"), "autoconfig_sources.0: Additional property password is not"),
        (
            from_sql(domain={"provider": "gandi", "discovery": "certificate"}),
            "source customers, domain.discovery: certificate is for autoconfig_domains; write srv",
        ),
        (
            {**from_sql(), "sources": {"secret": "mine"}}
            | {"autoconfig_sources_secrets": {"customers": {"password": "x"}}},
            "sources.secret and autoconfig_sources_secrets: keep one of them",
        ),
    ],
)
def test_wrong_values_are_a_line(values: dict[str, Any], line: str) -> None:
    with pytest.raises(RefusedError) as refused:
        render(values)
    assert line in str(refused.value)


def test_the_issuer_may_do_two_things() -> None:
    objects = render(written(ROOT / "tests/chart/values/nginx.yaml"))
    (role,) = of_kind(objects, "Role")
    secrets = [each["metadata"]["name"] for each in of_kind(objects, "Secret")]
    front = component(objects, "Deployment")["metadata"]["name"]
    assert [
        (each["resources"], each["resourceNames"], each["verbs"]) for each in role["rules"]
    ] == [
        (["secrets"], secrets, ["patch"]),
        (["deployments"], [front], ["patch"]),
    ]
    issuer = component(objects, "Deployment", "issuer")["spec"]["template"]["spec"]["containers"][0]
    assert [each for each in issuer["args"] if each.startswith("--secret=")] == [
        f"--secret={each}" for each in secrets
    ]
    assert f"--deployment={front}" in issuer["args"]
    volumes = component(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]
    (tls,) = (each["projected"]["sources"] for each in volumes if each["name"] == "tls")
    assert [each["secret"]["name"] for each in tls] == secrets


def test_the_program_takes_the_issuer_s_settings() -> None:
    objects = render(written(ROOT / "tests/chart/values/nginx.yaml"))
    settings = parse_settings(component(objects, "ConfigMap", "issuer")["data"]["authority.json"])
    role = yaml.safe_load((ROOT / "roles/certificates/vars/main.yml").read_text("utf-8"))
    assert asdict(settings.limits) == role["__certificates_known_limits"]["production"]
    assert settings.authority.email == "hostmaster@example.com"
    assert settings.authority.profile == "tlsserver"


def front_end(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """The pod of the front ends, its containers by their names."""
    pod: dict[str, Any] = component(objects, "Deployment")["spec"]["template"]["spec"]
    every = pod["containers"] + pod.get("initContainers", [])
    return {**pod, **{each["name"]: each for each in every}}


def mounts(container: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    return {
        each["name"]: (each["mountPath"], each.get("readOnly", False))
        for each in container["volumeMounts"]
    }


def test_sources_are_read_beside_each_front_end() -> None:
    pod = front_end(render(written(SOURCES)))
    assert [each["name"] for each in pod["containers"]] == ["responder", "sources"]
    assert [each["name"] for each in pod["initContainers"]] == ["sources-first"]
    assert pod["sources-first"]["args"] == ["sources", "update", "--wait=300"]
    assert pod["sources"]["args"] == ["sources", "run"]
    # What is down makes no front end unready.
    assert not {"readinessProbe", "livenessProbe", "startupProbe"} & pod["sources"].keys()
    assert f"--store={STORE}" in pod["responder"]["args"]
    assert mounts(pod["responder"])["store"] == (str(STORE.parents[1]), True)
    for name in ("sources", "sources-first"):
        assert mounts(pod[name])["store"] == (str(STORE.parents[1]), False)
        assert parser().parse_args(pod[name]["args"]).store == STORE
    assert {"name": "store", "emptyDir": {}} in pod["volumes"]


def test_secrets_are_for_what_reads_the_sources(tmp_path: Path) -> None:
    values = written(SOURCES)
    objects = render(values)
    (secret,) = of_kind(objects, "Secret")
    for name, text in secret["stringData"].items():
        (tmp_path / name).write_text(text)
    assert load_secrets(tmp_path / MOUNTED.name) == values["autoconfig_sources_secrets"]
    others = [each for each in objects if each != secret]
    assert "hunter2" not in json.dumps(others)
    pod = front_end(objects)
    assert "sources-secrets" not in mounts(pod["responder"])
    for name in ("sources", "sources-first"):
        assert mounts(pod[name])["sources-secrets"] == (str(MOUNTED.parent), True)
    (volume,) = (each for each in pod["volumes"] if each["name"] == "sources-secrets")
    assert volume["secret"]["secretName"] == secret["metadata"]["name"]
    del values["autoconfig_sources_secrets"]
    objects = render({**values, "sources": {"secret": "mine"}})
    assert of_kind(objects, "Secret") == []
    (volume,) = (each for each in front_end(objects)["volumes"] if "secret" in each)
    assert volume["secret"]["secretName"] == "mine"
    assert volume["secret"]["items"] == [{"key": MOUNTED.name, "path": MOUNTED.name}]
    objects = render(values)
    assert not [each for each in front_end(objects)["volumes"] if "secret" in each]


def test_front_ends_may_ask_the_sources() -> None:
    values = written(SOURCES)

    def egress() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = component(render(values), "NetworkPolicy")["spec"]["egress"]
        return [rule for rule in found if "53" not in json.dumps(rule)]

    assert egress() == [{"to": values["networkPolicy"]["to"]}]
    del values["networkPolicy"]
    assert egress() == [{}]
    values["nginx"] = {"enabled": True}
    assert len(egress()) == 2
    del values["autoconfig_sources"]
    assert len(egress()) == 1


def test_authorities_of_sources_are_beside_the_domains() -> None:
    values = written(SOURCES)
    (files,) = (
        each["data"]
        for each in of_kind(render(values), "ConfigMap")
        if "sources-ca.pem" in each["data"]
    )
    wanted = [each["tls_ca"] for each in values["autoconfig_sources"] if "tls_ca" in each]
    mounted = mounts(front_end(render(values))["sources"])["configuration"][0]
    assert wanted == [f"{mounted}/sources-ca.pem"]
    assert files["sources-ca.pem"].startswith("-----BEGIN CERTIFICATE-----")


def test_without_sources_nothing_of_them() -> None:
    text = json.dumps(render(SMALLEST))
    assert "store" not in text
    assert "sources-" not in text
    assert "sources:" not in text


def test_limits_of_nginx_are_those_of_the_role() -> None:
    values = written(ROOT / "tests/chart/values/nginx.yaml")
    (files,) = (
        each["data"]
        for each in of_kind(render(values), "ConfigMap")
        if "nginx.conf" in each["data"]
    )
    usual = yaml.safe_load((ROOT / "roles/nginx/defaults/main.yml").read_text("utf-8"))
    role = yaml.safe_load((ROOT / "roles/nginx/vars/main.yml").read_text("utf-8"))
    for zone, rate, burst in (
        (
            "answers",
            usual["autoconfig_nginx_rate_limit"],
            usual["autoconfig_nginx_rate_limit_burst"],
        ),
        ("costly", *(role["__nginx_limits"]["form"][key] for key in ("rate", "burst"))),
    ):
        assert f"zone={zone}:10m rate={rate}r/s;" in files["nginx.conf"]
        assert f"limit_req zone={zone} burst={burst} nodelay;" in files["answers.conf"]
    values["service"] = {"type": "LoadBalancer"}
    (files,) = (
        each["data"]
        for each in of_kind(render(values), "ConfigMap")
        if "nginx.conf" in each["data"]
    )
    assert "limit_req" not in files["nginx.conf"] + files["answers.conf"]


@each_values
def test_helm_has_nothing_to_say(path: Path) -> None:
    lint = [*map(str, (rendered.HELM, "lint", "--strict", rendered.CHART, "--values", path))]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_version_is_that_of_the_collection() -> None:
    chart = yaml.safe_load((ROOT / "charts/mail-autoconfig/Chart.yaml").read_text("utf-8"))
    assert chart["version"] == chart["appVersion"] == GALAXY["version"]
