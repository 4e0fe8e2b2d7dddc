"""Autodiscover in JSON, "v2": which URL to ask for a protocol, model -> bytes.

Microsoft has published no specification; the shape is what Exchange answers and clients read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import Enum

from ..formats.words import JSON_PATH
from ..inventory import addresses
from ..inventory.addresses import Address
from ..inventory.model import Domain
from .autodiscover import offers_settings

MEDIA_TYPE = "application/json"
PATH = re.compile(
    rf"{re.escape(JSON_PATH)}(?:/v1\.0)?(?:/(?P<email>.*))?", re.IGNORECASE | re.DOTALL
)
"""The path of a request; in its second form it ends in the address."""


class Error(Enum):
    """HTTP status, Exchange's name of the error, and a message, which repeats no input."""

    NO_EMAIL = 400, "MandatoryParameterMissing", "The mandatory parameter 'Email' is missing."
    NO_PROTOCOL = 400, "MandatoryParameterMissing", "The mandatory parameter 'Protocol' is missing."
    BAD_EMAIL = 400, "InvalidUserId", "The given address is invalid."
    BAD_PROTOCOL = 400, "InvalidProtocol", "The given protocol value is invalid."
    NOT_FOUND = 404, "UserNotFound", "There is no Autodiscover service for this address."


class RequestError(Exception):
    """A request that has no URL for an answer; `status` and `body` are those of the refusal."""

    def __init__(self, error: Error, supported: Iterable[str] = ()) -> None:
        super().__init__(error.name)
        self.status, code, message = error.value
        if supported:
            message += f" Supported values are '{','.join(supported)}'."
        self.body = json.dumps({"ErrorCode": code, "ErrorMessage": message}).encode()


def parse(text: str) -> Address:
    """Read the address of a request; raises RequestError if it is none."""
    if not text:
        raise RequestError(Error.NO_EMAIL)
    try:
        return addresses.parse(text)
    except ValueError:
        raise RequestError(Error.BAD_EMAIL) from None


def render(domain: Domain, address: Address, protocol: str, autodiscover_url: str) -> bytes:
    """Return the URL for `protocol`, which is compared in any case.

    `autodiscover_url` is where this server answers Outlook for the domain. Raises RequestError
    if the domain does not have the protocol.
    """
    urls = _urls(domain, address, autodiscover_url)
    for name, url in urls.items():
        if name.lower() == protocol.lower():
            return json.dumps({"Protocol": name, "Url": url}).encode()
    raise RequestError(Error.BAD_PROTOCOL if protocol else Error.NO_PROTOCOL, urls)


def _urls(domain: Domain, address: Address, autodiscover_url: str) -> dict[str, str]:
    settings, urls = domain.settings, {}
    if settings.active_sync:
        urls["ActiveSync"] = address.fill_url(settings.active_sync.url)
    if settings.redirect and settings.redirect.kind == "url":
        urls["AutodiscoverV1"] = settings.redirect.target
    elif settings.redirect or offers_settings(domain):
        urls["AutodiscoverV1"] = autodiscover_url
    return urls
