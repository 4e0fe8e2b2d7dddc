from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubernetes.cluster import IMAGE, NGINX, cluster, run


@pytest.fixture(scope="session", autouse=True)
def _cluster() -> Iterator[None]:
    """The image under two tags, since an upgrade is another one."""
    tags = [f"{IMAGE}:{tag}" for tag in ("old", "new")]
    for tag in tags:
        run("docker", "tag", f"{IMAGE}:latest", tag)
    with cluster([*tags, f"{NGINX}:latest"]):
        yield
