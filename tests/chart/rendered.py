"""What Helm makes of the chart."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
HELM = ROOT / ".cache/helm/helm"
CHART = ROOT / "charts/mail-autoconfig"
VALUES = sorted((ROOT / "tests/chart/values").glob("*.yaml"))

Object = dict[str, Any]


class RefusedError(Exception):
    """Helm refuses; the text is what it says."""


def render(values: Mapping[str, Any], *arguments: str) -> list[Object]:
    """The objects of the chart with these values. Raises RefusedError."""
    done = subprocess.run(
        [HELM, "template", "example", CHART, "--namespace", "mail", "--values", "-", *arguments],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RefusedError(done.stderr)
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def written(path: Path) -> dict[str, Any]:
    """The values in a file."""
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    """The objects of a kind."""
    return [each for each in objects if each["kind"] == kind]


def pods(objects: list[Object]) -> Iterator[Object]:
    """The specifications of the pods that these objects make."""
    for each in objects:
        if "template" in each.get("spec", {}):
            yield each["spec"]["template"]["spec"]


def component(objects: list[Object], kind: str, name: str = "") -> Object:
    """The one object of a kind that is of this component; by default of the front ends."""
    issuer = [
        each for each in of_kind(objects, kind) if each["metadata"]["name"].endswith("-issuer")
    ]
    front = [each for each in of_kind(objects, kind) if each not in issuer]
    (found,) = issuer if name == "issuer" else front
    return found


def configuration(objects: list[Object]) -> Object:
    """The file that the front ends read."""
    files = [each["data"] for each in of_kind(objects, "ConfigMap")]
    (found,) = {each["domains.yml"] for each in files if "domains.yml" in each}
    read: Object = yaml.safe_load(found)
    return read
