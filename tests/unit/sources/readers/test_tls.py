from __future__ import annotations

import ssl

import pytest

from mail_autoconfig.sources.readers import tls
from mail_autoconfig.sources.rows import SourceError

from ..samples import source


def test_servers_are_verified() -> None:
    context = tls.context(source())
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_file_that_is_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text("nothing")
    with pytest.raises(SourceError, match=f"^tls_ca {path}: "):
        tls.context(source(tls_ca=str(path)))
