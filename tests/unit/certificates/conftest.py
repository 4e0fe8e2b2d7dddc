"""What the tests of the certificates share."""

from __future__ import annotations

import ssl

import pytest

from mail_autoconfig.certificates import directory
from support.acme import Answers


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What the authority answers; it has nothing at first."""
    found = Answers()
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: plain)
    monkeypatch.setattr(directory, "urlopen", found.open)
    return found
