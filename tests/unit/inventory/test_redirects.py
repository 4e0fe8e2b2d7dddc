from __future__ import annotations

from typing import Any

import pytest

from mail_autoconfig.inventory.read import parse

from .samples import problems

END = "; name the final domain"
OURS = "; this inventory serves that host itself, so name another server's URL"


def configured(redirects: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Domains, each with its redirect or None; `more` are further keys of the inventory."""
    domains = [
        {"name": name, "provider": "gandi", **({"redirect": where} if where else {})}
        for name, where in redirects.items()
    ]
    return {"domains": domains, **more}


def to(domain: str) -> dict[str, str]:
    return {"address": f"{{localpart}}@{domain}"}


def at(url: str) -> dict[str, str]:
    return {"url": url}


@pytest.mark.parametrize(
    ("redirects", "found"),
    [
        ({"a.test": to("{domain}")}, ["domain a.test, redirect: a circle: a.test → a.test" + END]),
        ({"a.test": to("A.test.")}, ["domain a.test, redirect: a circle: a.test → a.test" + END]),
        (
            {"a.test": to("b.test"), "b.test": to("a.test")},
            ["domain a.test, redirect: a circle: a.test → b.test → a.test" + END],
        ),
        (
            {"x.test": to("a.test"), "a.test": to("b.test"), "b.test": to("a.test")},
            [
                "domain x.test, redirect: redirects to a.test, which redirects too" + END,
                "domain a.test, redirect: a circle: a.test → b.test → a.test" + END,
            ],
        ),
        (
            {"a.test": to("b.test"), "b.test": to("c.test"), "c.test": {"address": "x@a.test"}},
            ["domain a.test, redirect: a circle: a.test → b.test → c.test → a.test" + END],
        ),
        (
            {"a.test": to("B.test."), "b.test": at("https://other.example/")},
            ["domain a.test, redirect: redirects to b.test, which redirects too" + END],
        ),
        (
            {"a.test": None, "*": to("{domain}")},
            ["domain *, redirect: a circle: * → *" + END],
        ),
        (
            {"bücher.test": at("https://AUTODISCOVER.Bücher.test/autodiscover/autodiscover.xml")},
            [
                "domain bücher.test, redirect.url: a circle: bücher.test → "
                "autodiscover.xn--bcher-kva.test → bücher.test" + OURS
            ],
        ),
        (
            {"a.test": at("https://autoconfig.b.test:443/x"), "b.test": None},
            [f"domain a.test, redirect.url: a circle: a.test → autoconfig.b.test → a.test{OURS}"],
        ),
        (
            {"a.test": None, "*": at("https://autodiscover.a.test/")},
            [f"domain *, redirect.url: a circle: * → autodiscover.a.test → *{OURS}"],
        ),
    ],
)
def test_redirects_that_lead_nowhere(redirects: dict[str, Any], found: list[str]) -> None:
    assert problems(configured(redirects)) == found


def test_generic_host_and_names_found_by_srv_are_of_the_inventory() -> None:
    for host in "g.hoster.test", "autodiscover.b.test":
        raw = configured({"a.test": at(f"https://{host}/")}, generic_host="g.hoster.test")
        raw["domains"].append({"name": "b.test", "provider": "gandi", "discovery": "srv"})
        (problem,) = problems(raw)
        assert problem.startswith(f"domain a.test, redirect.url: a circle: a.test → {host} →")


def test_redirect_of_a_provider_counts() -> None:
    servers = [{"type": kind, "host": "mail.acme.test"} for kind in ("imap", "smtp")]
    acme = {"servers": servers, "redirect": at("https://autodiscover.a.test/")}
    raw = {"domains": [{"name": "a.test", "provider": "acme"}], "providers": {"acme": acme}}
    (problem,) = problems(raw)
    assert "a circle: a.test → autodiscover.a.test → a.test" in problem


@pytest.mark.parametrize(
    "redirects",
    [
        {"a.test": at("https://autodiscover.elsewhere.example/autodiscover/autodiscover.xml")},
        {"a.test": at("https://autodiscover.a.test:8443/x")},  # another program's port
        {"a.test": at("https://a.test/autodiscover/autodiscover.xml")},  # no name of ours: no apex
        {"a.test": to("b.test"), "b.test": None},
        {"a.test": to("elsewhere.example"), "*": None},
        {"a.test": None, "*": to("a.test")},
    ],
)
def test_redirects_that_end(redirects: dict[str, Any]) -> None:
    assert parse(configured(redirects))
