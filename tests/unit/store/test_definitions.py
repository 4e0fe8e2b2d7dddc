from __future__ import annotations

import json

import pytest

from mail_autoconfig.inventory.fields import ConfigurationError
from mail_autoconfig.inventory.read import built_in_providers
from mail_autoconfig.store.definitions import Definitions

from .samples import ACME, PROVIDERS

RAW = json.dumps(ACME)


def test_definition_is_read_once() -> None:
    definitions = Definitions(json.dumps(PROVIDERS))
    found = definitions.pattern(RAW)
    assert found
    assert found.settings.servers[0].host == "imap.{domain}"
    assert found.discovery == "srv"
    assert definitions.pattern(str(RAW)) is found


def test_built_in_provider_is_shared_with_the_inventory() -> None:
    found = Definitions("{}").pattern('{"provider": "gandi"}')
    assert found
    assert found.settings is built_in_providers()["gandi"]


def test_definition_that_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    definitions = Definitions("{}")
    assert definitions.pattern(RAW) is None
    assert definitions.pattern(RAW) is None
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith(
        'of a source: domain with this definition, provider: no provider "acme"'
    )


def test_providers_that_are_wrong() -> None:
    with pytest.raises(ConfigurationError):
        Definitions('{"acme": {}}')


@pytest.mark.parametrize("raw", ["", "[]", "5", '{"a": ' * 100_000, "nul"])
def test_definition_that_is_none(raw: str) -> None:
    """Whatever the octets of the file are, a read of it ends in one kind of error."""
    with pytest.raises(ValueError, match="damaged"):
        Definitions("{}").pattern(raw)
    with pytest.raises(ValueError, match="damaged"):
        Definitions(raw)
