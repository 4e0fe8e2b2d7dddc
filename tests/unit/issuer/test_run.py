from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from mail_autoconfig.certificates.certbot import Authority, Certbot, Outcome
from mail_autoconfig.certificates.groups import load
from mail_autoconfig.certificates.orders import DAY, Lineage, Order
from mail_autoconfig.certificates.settings import Settings
from mail_autoconfig.issuer.run import Issuer, Options
from support import cluster_double
from support.cluster_double import Api

URL = "https://acme.test/dir"
NOW = 4_000_000_000.0


class Double(Certbot):
    """Certificates in files; each order succeeds."""

    def __init__(self, directory: Path) -> None:
        super().__init__(Authority(URL, ()), directory)
        self.kept: dict[str, Lineage] = {}
        self.ordered: list[Order] = []

    def lineages(self) -> dict[str, Lineage]:
        return dict(self.kept)

    def order(self, order: Order) -> Outcome:
        self.ordered.append(order)
        self.kept[order.certificate] = Lineage(
            frozenset(order.names), URL, NOW - DAY, NOW + 90 * DAY
        )
        live = self.live(order.certificate)
        live.mkdir(parents=True, exist_ok=True)
        (live / "fullchain.pem").write_text(f"chain {len(self.ordered)}\n")
        (live / "privkey.pem").write_text(f"key {len(self.ordered)}\n")
        return Outcome(True)

    def delete(self, certificate: str) -> str:
        del self.kept[certificate]
        return ""


class Pod:
    """An issuer in a cluster."""

    def __init__(self, directory: Path, api: Api) -> None:
        self.directory, self.api = directory, api
        self.certbot = Double(directory / "certbot")
        self.failing: dict[str, str] = {}
        self.domains("a.test", "b.test")

    def domains(self, *names: str) -> None:
        written = [{"name": name, "provider": "gandi"} for name in names]
        (self.directory / "domains.yml").write_text(json.dumps({"autoconfig_domains": written}))

    def issuer(self, *, secrets: int = 1, names: int = 4, profile: str = "") -> Issuer:
        tls = self.directory / "links"
        tls.mkdir(exist_ok=True)
        names_of_secrets = tuple(f"tls-{number}" for number in range(1, secrets + 1))
        return Issuer(
            self.directory / "domains.yml",
            Settings(Authority(URL, (), profile=profile), tls),
            self.api.cluster,
            Options(names_of_secrets, "front", names=names, every=600),
            certbot=self.certbot,
            check=self.check,
            state=self.directory / "state",
        )

    def check(self, names: Sequence[str]) -> Mapping[str, str]:
        return {name: why for name, why in self.failing.items() if name in names}

    def secret(self) -> dict[str, str]:
        """The files of the Secret, as it was changed last."""
        changes = [change for path, _kind, change in self.api.changes if "/secrets/" in path]
        return {
            key: base64.b64decode(each).decode() for key, each in changes[-1][0]["value"].items()
        }

    def rolls(self) -> list[str]:
        return [
            change["spec"]["template"]["metadata"]["annotations"]["mail-autoconfig/certificates"]
            for path, _kind, change in self.api.changes
            if "/deployments/" in path
        ]


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    account = tmp_path / "account"
    account.mkdir()
    with cluster_double.api(account) as api:
        yield Pod(tmp_path, api)


def test_what_is_ordered_is_handed_out(pod: Pod) -> None:
    report = pod.issuer().look()
    assert report.problems == []
    assert [each.certificate for each in pod.certbot.ordered] == ["mail-autoconfig"]
    assert pod.secret()["mail-autoconfig.pem"] == "chain 1\nkey 1\n"
    assert "server_name autoconfig.a.test autoconfig.b.test" in pod.secret()["servers.conf"]


def test_a_second_look_replaces_no_pod(pod: Pod) -> None:
    pod.issuer().look()
    pod.issuer().look()
    assert len(pod.certbot.ordered) == 1
    assert len(set(pod.rolls())) == 1


def test_a_domain_more_is_a_certificate_more(pod: Pod) -> None:
    pod.issuer().look()
    pod.domains("c.test", "a.test", "b.test")
    pod.issuer().look()
    assert sorted(pod.secret()) == ["mail-autoconfig-2.pem", "mail-autoconfig.pem", "servers.conf"]
    assert len(set(pod.rolls())) == 2
    kept = load((pod.directory / "state/assignment.json").read_text())
    assert list(kept["mail-autoconfig-2"]) == ["c.test"]


def test_a_certificate_has_no_more_names_than_its_profile_allows(pod: Pod) -> None:
    pod.domains(*(f"{number}.test" for number in range(20)))
    pod.issuer(names=50, profile="tlsserver").look()
    assert [len(each.names) for each in pod.certbot.ordered] == [24, 16]


def test_a_lost_assignment_is_made_of_the_certificates(pod: Pod) -> None:
    pod.domains("a.test", "b.test", "c.test")
    pod.issuer().look()
    (pod.directory / "state/assignment.json").unlink()
    pod.domains("c.test", "b.test", "a.test")
    pod.issuer().look()
    assert len(pod.certbot.ordered) == 2


def test_without_a_certificate_no_pod_is_replaced(pod: Pod) -> None:
    pod.failing = {
        f"{kind}.{each}.test": "no" for kind in ("autoconfig", "autodiscover") for each in "ab"
    }
    pod.issuer().look()
    assert pod.rolls() == []
    assert pod.secret() == {"servers.conf": ""}


def test_what_the_cluster_refuses_is_a_problem(pod: Pod) -> None:
    pod.api.refusal = (403, b'{"message": "forbidden"}')
    (problem,) = pod.issuer().look().problems
    assert problem == "not handed out: /api/v1/namespaces/mail/secrets/tls-1: forbidden"


def test_it_looks_sooner_while_something_is_wrong(
    pod: Pod, capsys: pytest.CaptureFixture[str]
) -> None:
    pod.failing = {"autoconfig.a.test": "no record"}
    pauses: list[float] = []

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 3:
            pod.failing = {}
        return len(pauses) == 5

    pod.issuer().work(wait)
    assert pauses == [15, 30, 60, 600, 600]
    said = capsys.readouterr().out.splitlines()
    assert (
        said.count("left out: autoconfig.a.test: no record") == 2
    )  # again with the order's line gone
    assert said[-1] == "all certificates are right"


def test_it_never_waits_longer_than_it_is_told(pod: Pod) -> None:
    pod.failing = {"autoconfig.a.test": "no record"}
    pauses: list[float] = []

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) == 8

    pod.issuer().work(wait)
    assert pauses == [15, 30, 60, 120, 240, 480, 600, 600]
