"""What the server answers, case by case: one table for the responder alone and behind nginx.

`cases()` needs no more than a transport that carries a request to a server which runs
`configuration()`: the unit tests call the application, molecule asks the deployed server.
There is a module for each protocol, named as that of `mail_autoconfig.answers`. Paths and
namespaces are written here once more, so that a wrong one there is found.
"""

from __future__ import annotations

from . import (
    apple,
    autoconfig,
    autodiscover,
    autodiscover_json,
    mobilesync,
    nginx,
    pacc,
    page,
    services,
    soap,
)
from .apple import PROFILE
from .autoconfig import CONFIG, WELL_KNOWN, config, not_modified
from .autodiscover import ANSWER, POX, REQUEST, error, pox_request, settings
from .autodiscover_json import JSON, json_answer
from .base import (
    GANDI,
    MICROSOFT_AUTODISCOVER,
    Case,
    Expectation,
    Reply,
    Row,
    Transport,
    configuration,
    corp,
    redirect,
    refused,
    run,
)
from .mobilesync import MOBILESYNC, MOBILESYNC_REQUEST, MOBILESYNC_SCHEMA

__all__ = [
    "ANSWER",
    "CONFIG",
    "GANDI",
    "JSON",
    "MICROSOFT_AUTODISCOVER",
    "MOBILESYNC",
    "MOBILESYNC_REQUEST",
    "MOBILESYNC_SCHEMA",
    "POX",
    "PROFILE",
    "REQUEST",
    "WELL_KNOWN",
    "Case",
    "Expectation",
    "Reply",
    "Row",
    "Transport",
    "cases",
    "config",
    "configuration",
    "corp",
    "error",
    "json_answer",
    "not_modified",
    "pox_request",
    "redirect",
    "refused",
    "run",
    "settings",
]


def cases(suffix: str = "test") -> list[Case]:
    """The table, for a server that runs `configuration(suffix)`."""
    parts = (
        *(autodiscover, mobilesync, autodiscover_json, soap),
        *(autoconfig, apple, pacc, page, services, nginx),
    )
    return [case for part in parts for case in part.cases(suffix)]
