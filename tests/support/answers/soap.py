"""SOAP, which is not answered: Exchange's clients go on to their next URL."""

from __future__ import annotations

from .autodiscover import POX, error
from .base import Case, refused

SOAP = "/autodiscover/autodiscover.svc"


def cases(suffix: str) -> list[Case]:
    domain = f"example.{suffix}"
    envelope = (
        b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body/>'
        b"</soap:Envelope>"
    )
    return [
        Case(f"SOAP: {method} {path} at {host}", method, host, path, refused(404), body=body)
        for method, body in (("POST", envelope), ("GET", b""))
        for path in (SOAP, "/Autodiscover/Autodiscover.svc", f"{SOAP}/WSSecurity")
        for host in (f"autodiscover.{domain}", domain)
    ] + [
        Case("SOAP where POX is", "POST", f"autodiscover.{domain}", POX, error(600), body=envelope)
    ]
