"""Redirects to a domain's own services."""

from __future__ import annotations

from .autodiscover import POX, pox_request, settings
from .base import GANDI, Case, redirect, refused


def cases(suffix: str) -> list[Case]:
    host, groupware = f"autoconfig.groupware.{suffix}", f"https://groupware.{suffix}"
    domain = f"example.{suffix}"
    known = "/.well-known"

    def get(name: str, path: str, target: str, method: str = "GET") -> Case:
        expect = redirect(307, target) if target else refused(404)
        return Case(f"service: {name}", method, host, known + path, expect)

    return [
        get("calendars", "/caldav", f"{groupware}/calendars"),
        get("calendars, by PROPFIND", "/caldav", f"{groupware}/calendars", "PROPFIND"),
        get("contacts", "/carddav", f"{groupware}/contacts"),
        get("JMAP", "/jmap", f"{groupware}/jmap"),
        get("another one", "/webdav", ""),
        Case("service: none at this domain", "GET", domain, f"{known}/caldav", refused(404)),
        Case("service: a POST is Outlook's", "POST", f"autodiscover.{domain}", f"{known}/caldav",
             settings(f"user@{domain}", GANDI), body=pox_request(f"user@{domain}")),
        Case("service: POX is where it was", "POST", f"autodiscover.{domain}", POX,
             settings(f"user@{domain}", GANDI), body=pox_request(f"user@{domain}")),
    ]  # fmt: skip
