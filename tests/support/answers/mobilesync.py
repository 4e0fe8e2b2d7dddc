"""Autodiscover for telephones (MobileSync)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from .autodiscover import POX, REQUEST, ROOT, SCHEMAS, error, groupware_settings, pox_request
from .base import Case, Expectation, Reply

MOBILESYNC_REQUEST = f"{SCHEMAS}/mobilesync/requestschema/2006"
MOBILESYNC_SCHEMA = f"{SCHEMAS}/mobilesync/responseschema/2006"
MOBILESYNC = f"{{{MOBILESYNC_SCHEMA}}}"


def mobilesync(email: str, **action: str) -> Expectation:
    """A MobileSync answer with this `Url` or `Redirect`."""

    def expect(reply: Reply) -> None:
        assert reply.status == 200
        assert reply.headers["content-type"] == "text/xml; charset=utf-8"
        root = ET.fromstring(reply.body)
        assert root.tag == f"{ROOT}Autodiscover"
        response = root.find(f"{MOBILESYNC}Response")
        assert response is not None, reply.body
        assert response.findtext(f"{MOBILESYNC}Culture") == "en:us"
        assert response.findtext(f"{MOBILESYNC}User/{MOBILESYNC}EMailAddress") == email
        found = response.find(f"{MOBILESYNC}Action")
        assert found is not None
        if "Url" in action:
            action.update(Type="MobileSync", Name=action["Url"])
        leaves = {leaf.tag: leaf.text for leaf in found.iter() if not len(leaf)}
        assert leaves == {f"{MOBILESYNC}{name}": text for name, text in action.items()}

    return expect


def cases(suffix: str) -> list[Case]:
    host = f"autodiscover.groupware.{suffix}"
    email = f"user@groupware.{suffix}"
    url = f"https://groupware.{suffix}/Microsoft-Server-ActiveSync"

    def post(name: str, address: str, expect: Expectation, **more: Any) -> Case:
        asked: dict[str, Any] = {"namespace": MOBILESYNC_REQUEST, "schema": MOBILESYNC_SCHEMA}
        body = pox_request(address, **(asked | more))
        return Case(f"MobileSync: {name}", "POST", host, POX, expect, body=body)

    return [
        post("ActiveSync", email, mobilesync(email, Url=url)),
        post("address that needs escapes", f"a&<b>{email}", mobilesync(f"a&<b>{email}", Url=url)),
        post("no AcceptableResponseSchema", email, mobilesync(email, Url=url), schema=None),
        post("in Outlook's request", email, mobilesync(email, Url=url), namespace=REQUEST),
        post("asks for Outlook's answer", email, groupware_settings(email, suffix),
             schema=f"{SCHEMAS}/outlook/responseschema/2006a"),
        post("Exchange's domain", f"user@exchange.{suffix}",
             mobilesync(f"user@exchange.{suffix}",
                        Url="https://outlook.office365.com/Microsoft-Server-ActiveSync")),
        post("a domain that has moved", f"user@moved.{suffix}",
             mobilesync(f"user@moved.{suffix}", Redirect=f"user@corp.{suffix}")),
        post("no ActiveSync", f"user@example.{suffix}", error(601)),
        post("unconfigured domain", "user@unconfigured.invalid", error(500)),
        post("no address", "", error(600)),
        post("LegacyDN", email, error(500), legacy_dn="/o=x"),
        post("unknown AcceptableResponseSchema", email, error(601), schema="urn:x"),
    ]  # fmt: skip
