"""Autodiscover for telephones: the Exchange ActiveSync server of an address, model -> bytes.

The request is Outlook's, which `autodiscover.parse` reads. Source: MS-ASCMD, section 2.2.1.1.
"""

from __future__ import annotations

from ..formats.words import MOBILESYNC_RESPONSE, POX_ROOT
from ..inventory.addresses import Address
from ..inventory.model import Domain
from ..templates import template
from .autodiscover import Error, RequestError

_template = template("mobilesync.xml")


def render(domain: Domain, address: Address) -> bytes:
    """Return the ActiveSync server for `address`, or the address to ask for in its place.

    Raises RequestError(NO_SCHEMA) if the domain has no ActiveSync. A redirect to a URL can't be
    said in this form.
    """
    redirect, web = domain.settings.redirect, domain.settings.active_sync
    target = address.fill(redirect.target) if redirect and redirect.kind == "address" else None
    if not target and not web:
        raise RequestError(Error.NO_SCHEMA)
    return _template.render(
        root=POX_ROOT,
        response=MOBILESYNC_RESPONSE,
        email=address.email,
        redirect=target,
        url=address.fill_url(web.url) if web else None,
    ).encode()
