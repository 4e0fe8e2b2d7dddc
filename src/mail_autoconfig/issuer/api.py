"""What the issuer changes in its cluster, with the token of its service account.

Two requests are all, so there is no library. The standard library alone.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT = 20.0  # seconds
_CHECKSUM = "mail-autoconfig/certificates"


class ClusterError(Exception):
    """The cluster refuses a change or does not answer; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The API at `url`, for objects in `namespace`. `account` has the token and the CA."""

    url: str
    namespace: str
    account: Path

    def replace_secret(self, name: str, files: Mapping[str, str]) -> None:
        """Make these files the whole content of a Secret. Raises ClusterError."""
        data = {key: base64.b64encode(text.encode()).decode() for key, text in files.items()}
        change = [{"op": "add", "path": "/data", "value": data}]
        self._patch(f"/api/v1/namespaces/{self.namespace}/secrets/{name}", change, "json-patch")

    def roll(self, deployment: str, checksum: str) -> None:
        """Replace the pods of a Deployment, one by one, unless they have this checksum.

        Raises ClusterError.
        """
        metadata = {"annotations": {_CHECKSUM: checksum}}
        change = {"spec": {"template": {"metadata": metadata}}}
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{deployment}"
        self._patch(path, change, "merge-patch")

    def _patch(self, path: str, change: Any, kind: str) -> None:
        try:
            # It is replaced from time to time.
            token = (self.account / "token").read_text("ascii")
            context = ssl.create_default_context(cafile=str(self.account / "ca.crt"))
            request = Request(  # noqa: S310 - https
                self.url + path,
                json.dumps(change).encode(),
                {
                    "Authorization": f"Bearer {token.strip()}",
                    "Content-Type": f"application/{kind}+json",
                },
                method="PATCH",
            )
            with urlopen(request, timeout=_TIMEOUT, context=context) as answer:  # noqa: S310
                answer.read()
        except HTTPError as error:
            raise ClusterError(f"{path}: {_reason(error)}") from None
        except OSError as error:
            raise ClusterError(f"{self.url}: {error}") from None


def _reason(error: HTTPError) -> str:
    """What the API says of a request that it refuses."""
    try:
        with error:
            return str(json.load(error)["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return str(error)


def here() -> Cluster:
    """The cluster that this pod is in. Raises ClusterError elsewhere."""
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{each}") for each in ("HOST", "PORT"))
    try:
        namespace = (_ACCOUNT / "namespace").read_text("ascii").strip()
    except OSError:
        namespace = ""
    if not (host and port and namespace):
        raise ClusterError("this is no pod of Kubernetes with a service account")
    return Cluster(f"https://{f'[{host}]' if ':' in host else host}:{port}", namespace, _ACCOUNT)
