from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from mail_autoconfig.issuer import api
from mail_autoconfig.issuer.api import Cluster, ClusterError
from support import cluster_double
from support.cluster_double import Api


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Api]:
    with cluster_double.api(tmp_path) as found:
        yield found


def test_a_secret_has_these_files_alone(double: Api) -> None:
    double.cluster.replace_secret("tls-1", {"a.pem": "é"})
    data = {"a.pem": base64.b64encode("é".encode()).decode()}
    assert double.changes == [
        (
            "/api/v1/namespaces/mail/secrets/tls-1",
            "application/json-patch+json",
            [{"op": "add", "path": "/data", "value": data}],
        )
    ]
    assert double.tokens == ["Bearer t0ken"]


def test_a_deployment_rolls_by_its_checksum(double: Api) -> None:
    double.cluster.roll("front", "abc")
    ((path, kind, change),) = double.changes
    assert (path, kind) == (
        "/apis/apps/v1/namespaces/mail/deployments/front",
        "application/merge-patch+json",
    )
    metadata = change["spec"]["template"]["metadata"]
    assert metadata == {"annotations": {"mail-autoconfig/certificates": "abc"}}


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (b'{"message": "secrets \\"tls-1\\" is forbidden"}', 'secrets "tls-1" is forbidden'),
        (b"[]", "HTTP Error 403: Forbidden"),
        (b"no JSON", "HTTP Error 403: Forbidden"),
    ],
)
def test_a_refusal_is_a_line(double: Api, answer: bytes, line: str) -> None:
    double.refusal = (403, answer)
    with pytest.raises(ClusterError) as refused:
        double.cluster.replace_secret("tls-1", {})
    assert str(refused.value) == f"/api/v1/namespaces/mail/secrets/tls-1: {line}"


def test_an_api_of_somebody_else_is_not_trusted(double: Api, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with cluster_double.api(other), pytest.raises(ClusterError, match="CERTIFICATE_VERIFY_FAILED"):
        Cluster(double.cluster.url, "mail", other).roll("front", "abc")
    assert double.changes == []


def test_without_a_token(double: Api, tmp_path: Path) -> None:
    (tmp_path / "token").unlink()
    with pytest.raises(ClusterError, match="No such file"):
        double.cluster.roll("front", "abc")


@pytest.mark.parametrize(
    ("host", "url"),
    [("10.96.0.1", "https://10.96.0.1:443"), ("fd00::1", "https://[fd00::1]:443")],
)
def test_a_pod_finds_its_cluster(
    host: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "namespace").write_text("mail")
    monkeypatch.setattr(api, "_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert api.here() == Cluster(url, "mail", tmp_path)


def test_elsewhere_there_is_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_ACCOUNT", tmp_path)
    with pytest.raises(ClusterError, match="this is no pod of Kubernetes"):
        api.here()
