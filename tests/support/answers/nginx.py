"""What nginx answers by itself."""

from __future__ import annotations

from .autoconfig import CONFIG, config
from .autodiscover import POX, pox_request
from .base import GANDI, Case, redirect, refused
from .soap import SOAP


def cases(suffix: str) -> list[Case]:
    domain = f"example.{suffix}"
    host = f"autodiscover.{domain}"
    target = f"https://{host}{POX}"
    request = pox_request(f"user@{domain}")
    return [
        Case("http: GET of POX", "GET", host, POX, redirect(302, target),
             scheme="http", layer="nginx"),
        Case("http: POST of POX", "POST", host, POX, redirect(307, target), body=request,
             scheme="http", layer="nginx"),
        Case("http: SOAP", "POST", host, SOAP, refused(404), body=request, scheme="http",
             layer="nginx"),
        Case("http: configuration", "GET", f"autoconfig.{domain}", CONFIG,
             config(domain, GANDI), scheme="http", layer="nginx", headers={}),
    ]  # fmt: skip
