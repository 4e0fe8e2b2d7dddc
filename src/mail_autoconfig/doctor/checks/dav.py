"""Ask each published calendar, address book and file share whether it is one."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from ..case import Case
from ..catalogue import finding
from ..data import Finding, Request, Setting
from .asking import failure, published, vouched_for

_TYPES = "caldav", "carddav", "webdav"
# RFC 9110, section 11; RFC 4559; RFC 6750.
_SCHEMES = {
    "password": frozenset({"basic"}),
    "password_encrypted": frozenset({"digest"}),
    "oauth2": frozenset({"bearer"}),
    "gssapi": frozenset({"negotiate"}),
}
_BODY = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'
)


async def check_dav(case: Case) -> list[Finding]:
    """What is wrong with the published services of RFC 4918; the log-in where there is a password.

    `Fetcher.fetch` sends credentials over https with a certificate that names the host alone.
    """
    services = [each for each in await published(case) if each.type in _TYPES and each.url]
    parts = await asyncio.gather(*(_check(case, each) for each in services))
    return [each for part in parts for each in part]


async def _check(case: Case, setting: Setting) -> list[Finding]:
    subject = f"{setting.type} {setting.url.partition('?')[0]}"
    headers = (("Depth", "0"), ("Content-Type", "application/xml; charset=utf-8"))
    request = Request("PROPFIND", setting.url, _BODY, headers)
    exchange = (await case.follow(request))[-1]
    if exchange.error:
        return [failure(exchange)]
    host = urlsplit(setting.url).netloc  # after the error: what was asked is a URL
    if exchange.status not in (207, 401):
        return [finding("dav-status", subject, status=exchange.status)]
    found = []
    if exchange.status == 401:
        offered = exchange.schemes
        for method in setting.authentication:
            if method in _SCHEMES and not offered & _SCHEMES[method]:
                shown = ", ".join(sorted(offered)) or "none"
                found.append(
                    finding("dav-authentication", subject, published=method, offered=shown)
                )
    vouched = setting in await vouched_for(case)
    if (
        case.password is None
        or not vouched
        or not exchange.vouched
        or not exchange.request.url.startswith(f"https://{host}/")
    ):
        return found
    user = setting.username
    answer = await case.fetcher.fetch(exchange.request, (user, case.password))
    if answer.status != 207:
        text = answer.error.text if answer.error else f"status {answer.status}"
        found.append(finding("mail-login", subject, user=user, text=text))
    return found
