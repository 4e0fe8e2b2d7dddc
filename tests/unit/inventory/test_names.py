from __future__ import annotations

from dataclasses import replace

import pytest

from mail_autoconfig.inventory.model import Discovery
from mail_autoconfig.inventory.names import (
    autodiscover_host,
    normalise,
    plain_names,
    secure_host,
    served_by_domain,
    served_names,
    written,
)
from mail_autoconfig.inventory.read import parse


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.Com.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),  # decomposed
        ("XN--bcher-KVA.example", "xn--bcher-kva.example"),
        ("日本。example", "xn--wgv71a.example"),  # the ideographic dot
        ("straße.example", "xn--strae-oqa.example"),  # kept by IDNA 2008, ss in IDNA 2003
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("3com.example", "3com.example"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_normalise(name: str, normal: str) -> None:
    assert normalise(name) == normal
    assert normalise(normal) == normal


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("example.com", "example.com"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("www.xn--wgv71a.xn--bcher-kva.example", "www.日本.bücher.example"),
    ],
)
def test_written(name: str, own: str) -> None:
    assert written(name) == own


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "localhost",
        "example..com",
        ".example.com",
        "-a.example",
        "a-.example",
        "a_b.example",
        "a b.example",
        "a/b.example",
        "192.0.2.1",
        "[::1]",
        "*.example.com",
        "a" * 64 + ".example",
        "é" * 63 + ".example",
        ".".join(["a" * 49] * 6),
        "exam\u200eple.com",  # a direction mark
        "example.com\n",
    ],
)
def test_no_host_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"host name|character"):
        normalise(name)


def test_served_names() -> None:
    configuration = parse(
        {
            "generic_host": "Autoconfig.Hoster.example",
            "domains": [
                {"name": "b.example", "provider": "gandi"},
                {"name": "s.example", "provider": "gandi", "discovery": "srv"},
                {"name": "bücher.example", "provider": "gandi", "apex": True, "pacc": True},
                {"name": "hoster.example", "provider": "gandi"},
                {"name": "*", "provider": "gandi"},
            ],
        }
    )
    assert served_names(configuration) == (
        "autoconfig.hoster.example",
        "autodiscover.b.example",
        "autoconfig.b.example",
        "autodiscover.xn--bcher-kva.example",
        "autoconfig.xn--bcher-kva.example",
        "xn--bcher-kva.example",
        "ua-auto-config.xn--bcher-kva.example",
        "autodiscover.hoster.example",
    )
    assert plain_names(configuration) == ("autodiscover.s.example", "autoconfig.s.example")


def test_generic_host_below_a_srv_domain_is_served_once() -> None:
    configuration = parse(
        {
            "generic_host": "autoconfig.s.example",
            "domains": [{"name": "s.example", "provider": "gandi", "discovery": "srv"}],
        }
    )
    assert served_names(configuration) == ("autoconfig.s.example",)
    assert plain_names(configuration) == ("autodiscover.s.example",)


@pytest.mark.parametrize(
    ("asked", "host"),
    [
        ("own.example", "autodiscover.own.example"),
        ("srv.example", "generic.example"),
        ("unlisted.example", "generic.example"),
    ],
)
def test_autodiscover_host(asked: str, host: str) -> None:
    configuration = parse(
        {
            "generic_host": "generic.example",
            "domains": [
                {"name": "own.example", "provider": "gandi"},
                {"name": "srv.example", "provider": "gandi", "discovery": "srv"},
                {"name": "*", "provider": "gandi"},
            ],
        }
    )
    domain = configuration.find(asked)
    assert domain is not None
    assert autodiscover_host(configuration, domain) == host


def test_autodiscover_host_of_the_default_entry_without_a_generic_one() -> None:
    domains = [{"name": name, "provider": "gandi"} for name in ("own.example", "*")]
    configuration = parse({"domains": domains})
    domain = configuration.find("unlisted.example")
    assert domain is not None
    assert autodiscover_host(configuration, domain) == "autodiscover.own.example"


def test_served_by_domain() -> None:
    """The generic host is a domain of its own; no name is there twice."""
    configuration = parse(
        {
            "generic_host": "autoconfig.example.com",
            "domains": [
                {"name": "example.com", "provider": "gandi", "apex": True, "pacc": True},
                {"name": "example.net", "provider": "gandi", "discovery": "srv"},
                {"name": "example.org", "provider": "gandi"},
            ],
        }
    )
    found = served_by_domain(configuration)
    assert found == {
        "autoconfig.example.com": ("autoconfig.example.com",),
        "example.com": ("autodiscover.example.com", "example.com", "ua-auto-config.example.com"),
        "example.org": ("autodiscover.example.org", "autoconfig.example.org"),
    }
    assert served_names(configuration) == tuple(name for each in found.values() for name in each)


@pytest.mark.parametrize(
    ("host", "secure"),
    [
        ("autodiscover.c.example", "autodiscover.c.example"),
        ("c.example", "c.example"),
        ("g.example", "g.example"),
        ("autoconfig.s.example", "g.example"),
        ("autoconfig.stranger.example", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("default", [False, True])
def test_secure_host(host: str, secure: str | None, *, default: bool) -> None:
    """The default entry knows each domain, and has a certificate for none of them."""
    domains = [
        {"name": "c.example", "provider": "gandi"},
        {"name": "s.example", "provider": "gandi", "discovery": "srv"},
        *([{"name": "*", "provider": "gandi"}] if default else []),
    ]
    configuration = parse({"domains": domains, "generic_host": "g.example"})
    assert secure_host(configuration, host) == (secure or ("g.example" if default else None))


def test_secure_host_of_a_source_s_domain() -> None:
    """It may have names on certificates too."""
    raw = [{"name": "c.example", "provider": "gandi"}, {"name": "*", "provider": "gandi"}]
    usual = parse({"domains": raw, "generic_host": "g.example"})
    own = usual.domains["c.example"]
    kinds: tuple[Discovery, ...] = "certificate", "srv"
    given = {f"{kind}.test": replace(own, name=f"{kind}.test", discovery=kind) for kind in kinds}
    configuration = replace(usual, elsewhere=lambda name, _localpart: given.get(name))
    for host, secure in {
        "autoconfig.certificate.test": "autoconfig.certificate.test",
        "autoconfig.srv.test": "g.example",
        "autoconfig.stranger.test": "g.example",
    }.items():
        assert secure_host(configuration, host) == secure
