"""Autodiscover in JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from .autodiscover import POX
from .base import MICROSOFT_AUTODISCOVER, Case, Expectation, Reply, refused

JSON = "/autodiscover/autodiscover.json"


def json_answer(protocol: str, url: str) -> Expectation:
    """A JSON answer that names a URL."""

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["cache-control"] == "no-store"
        assert json.loads(reply.body) == {"Protocol": protocol, "Url": url}

    return expect


def json_error(status: int, code: str, *, supported: str = "", never: str = "") -> Expectation:
    """A JSON refusal with the protocols that are `supported`, that does not say `never` again."""

    def expect(reply: Reply) -> None:
        assert reply.status == status
        assert reply.headers["content-type"] == "application/json"
        found = json.loads(reply.body)
        assert found.keys() == {"ErrorCode", "ErrorMessage"}
        assert found["ErrorCode"] == code
        assert found["ErrorMessage"].endswith(f" values are '{supported}'." if supported else "")
        assert not never or never.encode() not in reply.body

    return expect


def cases(suffix: str) -> list[Case]:
    domain = f"example.{suffix}"
    host = f"autodiscover.{domain}"
    own = json_answer("AutodiscoverV1", f"https://{host}{POX}")
    sync = f"https://groupware.{suffix}/Microsoft-Server-ActiveSync"
    v1 = f"{JSON}/v1.0"

    def get(name: str, path: str, expect: Expectation, **more: Any) -> Case:
        call = {"method": "GET", "host": host, "headers": {}} | more
        return Case(f"JSON: {name}", path=path, expect=expect, **call)

    def asked(name: str, email: str, protocol: str, expect: Expectation) -> list[Case]:
        quoted = quote(email)
        return [
            get(name, f"{JSON}?Email={quoted}&Protocol={protocol}&RedirectCount=1", expect),
            get(f"{name}, in the path", f"{v1}/{quoted}?Protocol={protocol}", expect),
        ]

    return [
        *asked("Autodiscover", f"user@{domain}", "AutodiscoverV1", own),
        *asked("protocol in another case", f"user@{domain}", "Autodiscoverv1", own),
        *asked("address that needs escapes", f"a/b&?+#ü%<@{domain}", "AutodiscoverV1", own),
        *asked("ActiveSync", f"user@groupware.{suffix}", "activesync",
               json_answer("ActiveSync", sync)),
        *asked("Exchange's domain", f"user@exchange.{suffix}", "AutodiscoverV1",
               json_answer("AutodiscoverV1", MICROSOFT_AUTODISCOVER)),
        *asked("a domain that has moved", f"user@moved.{suffix}", "AutodiscoverV1",
               json_answer("AutodiscoverV1", f"https://autodiscover.moved.{suffix}{POX}")),
        *asked("no ActiveSync", f"user@{domain}", "ActiveSync",
               json_error(400, "InvalidProtocol", supported="AutodiscoverV1")),
        *asked("unknown protocol", f"user@groupware.{suffix}", "Echo%3Cme%3E",
               json_error(400, "InvalidProtocol", supported="ActiveSync,AutodiscoverV1",
                          never="me")),
        *asked("no protocol", f"user@{domain}", "",
               json_error(400, "MandatoryParameterMissing", supported="AutodiscoverV1")),
        *asked("unconfigured domain", "user@unconfigured.invalid", "AutodiscoverV1",
               json_error(404, "UserNotFound", never="unconfigured")),
        *asked("no address", "", "AutodiscoverV1", json_error(400, "MandatoryParameterMissing")),
        *asked("address without @", "no-at-sign-here", "AutodiscoverV1",
               json_error(400, "InvalidUserId", never="no-at-sign")),
        *asked("control character", f"echo\x01me@{domain}", "AutodiscoverV1",
               json_error(400, "InvalidUserId", never="echo")),
        get("no parameters", JSON, json_error(400, "MandatoryParameterMissing")),
        get("path in capitals", f"{v1.upper()}/user@{domain}?PROTOCOL=AutodiscoverV1", own),
        get("path with capitals",
            f"/Autodiscover/Autodiscover.json?email=user@{domain}&protocol=AutodiscoverV1", own),
        get("the address decides, not Host", f"{v1}/user@{domain}?Protocol=AutodiscoverV1", own,
            host=f"autoconfig.corp.{suffix}"),
        get("POST at the domain itself", JSON, refused(405), method="POST", host=domain),
    ]  # fmt: skip
