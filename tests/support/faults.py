"""The faults of the doctor's lab: a domain each, wrong on purpose.

``python tests/support/faults.py DIRECTORY`` writes all that the containers of molecule/doctor
mount: what BIND, nginx, Dovecot serve. The domain CODE.test has the fault of that code, and none
that FAULTS does not name for it.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from mail_autoconfig.answers import autoconfig, autodiscover
from mail_autoconfig.inventory import read as config
from mail_autoconfig.inventory.addresses import parse
from mail_autoconfig.inventory.model import Domain

NET = "198.18.46"
RESOLVER = f"{NET}.5"  # dnsmasq, which has some names itself and asks BIND for the others
NS1, NS2 = f"{NET}.2", f"{NET}.3"
WEB = f"{NET}.10"
WEB_OLD = f"{NET}.11"  # TLS 1.1 alone
WEB_BOTH = f"{NET}.12"  # TLS 1.1 too
WEB_PLAIN = f"{NET}.13"  # port 80 alone
WEB_NO_TLS = f"{NET}.14"  # http at port 443, and at 143, where it waits for the client to speak
WEB_FORMER = f"{NET}.15"  # a server of somebody else
WEB_APEX = f"{NET}.16"  # the web site of a domain
WEB_ADDRESSES = WEB_OLD, WEB_BOTH, WEB_PLAIN, WEB_NO_TLS, WEB_FORMER, WEB_APEX
MAIL = f"{NET}.20"
MAIL_OAUTH = f"{NET}.21"  # no log-in by password
MAIL_PLAIN = f"{NET}.22"  # no TLS
MAIL_LAX = f"{NET}.23"  # passwords before STARTTLS; its SMTP refuses all
DEAD = f"{NET}.99"
MOUNT = "/srv/lab"
PASSWORD = "secret"  # as tests/lab/images/mail has it

HOSTS = {
    "mail.lab.test": MAIL,
    "other.lab.test": MAIL,  # the certificate does not name it
    "expired.lab.test": MAIL,
    "own.lab.test": MAIL,  # its certificate is of an authority of its own
    "two.lab.test": MAIL,  # and another address, below
    "alias.lab.test": MAIL,
    "old.lab.test": MAIL_LAX,  # the former provider's
    "oauth.lab.test": MAIL_OAUTH,
    "plain.lab.test": MAIL_PLAIN,
    "lax.lab.test": MAIL_LAX,
    "silent.lab.test": WEB_NO_TLS,
    "dead.lab.test": DEAD,
    "www.lab.test": WEB,
    "ns1.lab.test": NS1,
    "ns2.lab.test": NS2,
    "ns3.lab.test": DEAD,
}

OAUTH2 = """
oauth2 {
  introspection_mode = auth
  introspection_url = http://127.0.0.1/
}
"""
Server = dict[str, Any]
Edit = tuple[str, str]


def server(type_: str, port: int, security: str = "tls", host: str = "mail.lab.test") -> Server:
    return {"type": type_, "host": host, "port": port, "security": security}


IMAP, POP3, SMTP = server("imap", 993), server("pop3", 995), server("smtp", 465)


@dataclass(frozen=True)
class Faulty:
    """How a domain differs from a healthy one, and which other findings follow from that.

    `code` is that of the fault where the domain is not named after it. `records` and `second`
    replace the record sets of the zone by name and type, the latter on the second name server
    alone; an empty list removes one. `pox` and `config` are replacements in the answers. `nginx`
    is before the usual locations, `tls` after the usual certificate.
    """

    also: frozenset[str] = frozenset()
    code: str | None = ""  # empty: the name of the domain; None: no fault
    servers: tuple[Server, ...] = (IMAP, POP3, SMTP)
    records: Mapping[str, list[str]] = field(default_factory=dict)
    second: Mapping[str, list[str]] = field(default_factory=dict)
    pox: tuple[Edit, ...] = ()
    config: tuple[Edit, ...] = ()
    web: str = WEB
    certificate: str = "good"
    nginx: str = ""
    tls: str = ""
    no_zone: bool = False
    site: str = ""  # more servers of nginx
    bodies: Mapping[str, str] = field(default_factory=dict)  # more files of the site
    names: tuple[str, ...] = ()  # more names of the site and of its certificate
    only: tuple[str, ...] = ()  # the names of the certificate, where not all are on it


def also(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def _at(address: str) -> dict[str, list[str]]:
    return {"autoconfig A": [address], "autodiscover A": [address]}


_NOWHERE: dict[str, list[str]] = {
    "autoconfig A": [],
    "autodiscover A": [],
    "_autodiscover._tcp SRV": [],
}
_POX_NAMESPACE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_ALIASED = "www.", "autoconfig.", "autodiscover."
_POX = "location ~* ^/autodiscover/autodiscover\\.xml$"
_ANSWER_AT_HTTP = f"{_POX} {{ rewrite ^ /pox.xml break; error_page 405 =200 /pox.xml; }}"
_DAV = (
    '<calendar type="caldav"><url>https://autoconfig.{}/dav/</url><username>%EMAILADDRESS%'
    '</username><authentication system="http">Basic</authentication></calendar></clientConfig>'
)

FAULTS: dict[str, Faulty] = {
    # names
    "dns-nothing": Faulty(records=_NOWHERE),
    "dns-no-mx": Faulty(records={"@ MX": []}),
    "dns-alias": Faulty(also("dns-no-mx", "tls-domain-itself"), no_zone=True),
    "dns-alias-nowhere": Faulty(
        also("srv-target-alias"),
        records={"autodiscover A": [], "autodiscover CNAME": ["gone.lab.test."]},
    ),
    "dns-no-answer": Faulty(no_zone=True),
    "srv-port": Faulty(records={"_autodiscover._tcp SRV": ["0 0 8443 autodiscover.{}."]}),
    "srv-target-alias": Faulty(
        records={
            "_autodiscover._tcp SRV": ["0 0 443 alias.{}."],
            "alias CNAME": ["autodiscover.{}."],
        }
    ),
    "srv-target-unknown": Faulty(records={"_autodiscover._tcp SRV": ["0 0 443 gone.lab.test."]}),
    "srv-disagrees": Faulty(records={"_imaps._tcp SRV": ["0 1 993 oauth.lab.test."]}),
    "ns-silent": Faulty(records={"@ NS": ["ns1.lab.test.", "ns3.lab.test."]}),
    "ns-lame": Faulty(),  # the second name server does not have this zone
    "ns-serial": Faulty(second={"@ SOA": ["ns1.lab.test. hostmaster.lab.test. 1 900 300 9000 60"]}),
    "ns-differ": Faulty(second={"autodiscover A": ["198.18.46.77"]}),
    "address-dead": Faulty(records={"autodiscover A": [WEB, DEAD]}),
    # TLS
    "tls-expired": Faulty(certificate="expired"),
    "tls-expires-soon": Faulty(certificate="soon"),
    "tls-not-yet": Faulty(certificate="not-yet"),
    "tls-self-signed": Faulty(certificate="self-signed"),
    "tls-untrusted": Faulty(certificate="untrusted"),
    "tls-incomplete": Faulty(certificate="incomplete"),
    "tls-wrong-name": Faulty(also("autoconfig-http-only"), certificate="wrong-name"),
    "tls-name-refused": Faulty(also("autoconfig-http-only"), tls="ssl_reject_handshake on;"),
    "tls-too-old": Faulty(web=WEB_OLD),
    "tls-old-offered": Faulty(web=WEB_BOTH),
    "tls-none": Faulty(web=WEB_NO_TLS),
    # web servers
    "autoconfig-http-only": Faulty(records={"autoconfig A": [WEB_PLAIN]}),
    "autodiscover-http-only": Faulty(
        records={"autodiscover A": [WEB_PLAIN]}, nginx=_ANSWER_AT_HTTP
    ),
    "autodiscover-by-http": Faulty(
        also("settings-disagree"),  # they are those of another user
        records={"autodiscover A": [WEB_PLAIN]},
        nginx=f"{_POX} {{ return 302 https://autodiscover.healthy.test$uri; }}",
    ),
    "web-no-redirect": Faulty(nginx=_ANSWER_AT_HTTP),
    "web-silent": Faulty(nginx="limit_rate 20;"),  # a tarpit
    "web-broken": Faulty(nginx="location /mail/ { return 444; }"),
    "web-redirect-loop": Faulty(
        nginx="location = /mail/config-v1.1.xml { return 302 /again; }\n"
        "location = /again { return 302 /mail/config-v1.1.xml; }"
    ),
    "web-redirect-plain": Faulty(
        nginx="if ($scheme = https) { rewrite ^/mail/(.*) http://$host/mail/$1 redirect; }"
    ),
    "web-redirect-elsewhere": Faulty(
        also("settings-disagree"),
        nginx=f"{_POX} {{ return 302 https://autodiscover.healthy.test$uri; }}",
    ),
    "web-status": Faulty(nginx="location /mail/ { return 404; }"),
    "web-asks-password": Faulty(
        nginx=f"{_POX} {{ auth_basic settings; auth_basic_user_file /dev/null; }}"
    ),
    "web-rate-limit": Faulty(
        nginx="limit_req zone=strict; limit_req_status 429; add_header Retry-After 4 always;"
    ),
    "web-case": Faulty(
        also("web-no-redirect"),
        nginx=_ANSWER_AT_HTTP.replace("~* ^", "= ").replace("\\.xml$", ".xml")
        + f"\n{_POX} {{ return 404; }}",
    ),
    # answers
    "answer-page": Faulty(
        nginx="location /mail/ { default_type text/html; types {} rewrite ^ /page.html break; }",
        bodies={"page.html": "<!doctype html><title>Welcome</title><p>It works"},
    ),
    "answer-content-type": Faulty(nginx="location /mail/ { default_type text/plain; types {} }"),
    "answer-too-big": Faulty(nginx="location /mail/ { rewrite ^ /big.xml break; }"),
    "answer-not-xml": Faulty(config=(("</clientConfig>", ""),)),
    "answer-dtd": Faulty(config=(("<clientConfig ", "<!DOCTYPE clientConfig>\n<clientConfig "),)),
    "pox-root": Faulty(pox=(('autodiscover/responseschema/2006"', 'autodiscover/schema"'),)),
    "pox-namespace": Faulty(pox=((f'<Response xmlns="{_POX_NAMESPACE}">', "<Response>"),)),
    "pox-error": Faulty(),  # below
    "pox-account": Faulty(pox=(("      <AccountType>email</AccountType>\n", ""),)),
    "pox-type": Faulty(pox=(("<Type>POP3</Type>", "<Type>POP</Type>"),)),
    "pox-no-server": Faulty(
        also("pox-type"),
        pox=tuple((f"<Type>{each}</Type>", "<Type>X</Type>") for each in ("IMAP", "POP3", "SMTP")),
    ),
    "pox-port": Faulty(
        also("mail-is-starttls"),  # 143 is the default (MS-OXDSCLI)
        pox=(("<Port>993</Port>", "<Port>imaps</Port>"),),
    ),
    "pox-login": Faulty(
        also("settings-disagree"),
        pox=(("        <LoginName>user@{}</LoginName>\n", ""),),
    ),
    "pox-spa": Faulty(pox=(("        <SPA>off</SPA>\n", ""),)),
    "pox-domain-required": Faulty(pox=(("<DomainRequired>off", "<DomainRequired>on"),)),
    "pox-auth-required": Faulty(pox=(("<AuthRequired>on", "<AuthRequired>off"),)),
    "pox-encryption": Faulty(pox=(("<Encryption>SSL", "<Encryption>STARTTLS"),)),
    "pox-ssl-off": Faulty(pox=(("<SSL>on</SSL>", "<SSL>off</SSL>"),)),
    "config-root": Faulty(config=(("<clientConfig ", '<clientConfig xmlns="urn:x" '),)),
    "config-version": Faulty(config=(('version="1.1"', 'version="2"'),)),
    "config-domain": Faulty(config=(("<domain>config-domain.test", "<domain>lab.test"),)),
    "config-no-server": Faulty(config=(("outgoingServer", "smtpServer"),)),
    "config-element": Faulty(
        config=(("<socketType>SSL<", "<socketType>TLS<"),),
    ),
    "config-name": Faulty(config=(("<displayShortName>", f"<displayShortName>{'long ' * 5}"),)),
    "settings-starttls": Faulty(
        also("mail-is-tls"), servers=(server("imap", 993, "starttls"), SMTP)
    ),
    "settings-tls": Faulty(also("mail-is-starttls"), servers=(server("imap", 143), SMTP)),
    "settings-plain": Faulty(servers=(server("imap", 143, "none", "plain.lab.test"), SMTP)),
    "settings-disagree": Faulty(
        config=(
            (
                "<hostname>mail.lab.test</hostname>\n      <port>465<",
                "<hostname>lax.lab.test</hostname>\n      <port>465<",
            ),
        )
    ),
    # mail servers
    "name-unknown": Faulty(servers=(server("imap", 993, host="gone.lab.test"), SMTP)),
    "port-closed": Faulty(servers=(server("imap", 1993), SMTP)),
    "port-silent": Faulty(servers=(server("imap", 993, host="dead.lab.test"), SMTP)),
    "mail-silent": Faulty(servers=(server("imap", 143, "starttls", "silent.lab.test"), SMTP)),
    "mail-protocol": Faulty(servers=(IMAP, server("smtp", 995))),
    "mail-refuses": Faulty(servers=(IMAP, server("smtp", 587, "starttls", "lax.lab.test"))),
    "mail-is-starttls": Faulty(also("settings-tls"), servers=(IMAP, server("smtp", 587))),
    "mail-is-tls": Faulty(
        also("settings-starttls"), servers=(IMAP, server("smtp", 465, "starttls"))
    ),
    "mail-no-starttls": Faulty(servers=(server("imap", 143, "starttls", "plain.lab.test"), SMTP)),
    "mail-authentication": Faulty(servers=(server("imap", 993, host="oauth.lab.test"), SMTP)),
    "mail-plain-password": Faulty(servers=(server("imap", 143, "starttls", "lax.lab.test"), SMTP)),
    "mail-login": Faulty(code=None),  # until a wrong password is tried
    "dns-missing": Faulty(  # an inventory wants what is not there
        also("dns-no-autoconfig"), code=None, records={"autoconfig A": []}
    ),
    "dns-wrong": Faulty(
        code=None,
        records={"_submissions._tcp SRV": ["0 1 465 mail.lab.test.", "1 1 465 www.lab.test."]},
    ),
    "imap-other-name": Faulty(
        code="tls-wrong-name", servers=(server("imap", 993, host="other.lab.test"), SMTP)
    ),
    "imap-expired": Faulty(
        code="tls-expired", servers=(server("imap", 993, host="expired.lab.test"), SMTP)
    ),
    "dav-status": Faulty(config=(("</clientConfig>", _DAV),)),
    "dav-authentication": Faulty(
        config=(("</clientConfig>", _DAV),),
        nginx="location /dav/ { add_header WWW-Authenticate Bearer always; return 401; }",
    ),
    # nothing is wrong here
    "healthy": Faulty(
        code=None,
        servers=(
            IMAP,
            server("imap", 143, "starttls"),
            POP3,
            server("pop3", 110, "starttls"),
            SMTP,
            server("smtp", 587, "starttls"),
        ),
        records={
            "_imaps._tcp SRV": ["0 1 993 mail.lab.test."],
            "_imap._tcp SRV": ["1 1 143 mail.lab.test."],
            "_pop3s._tcp SRV": ["10 1 995 mail.lab.test."],
            "_pop3._tcp SRV": ["11 1 110 mail.lab.test."],
            "_submissions._tcp SRV": ["0 1 465 mail.lab.test."],
            "_submission._tcp SRV": ["1 1 587 mail.lab.test."],
            "_jmap._tcp SRV": ["0 0 0 ."],
        },
    ),
}
"""By the name of the domain, below test."""


def domains() -> dict[str, Faulty]:
    """The faults of our own, and the set-ups of strangers."""
    from support.strangers import STRANGERS  # they are made of what is above

    return FAULTS | STRANGERS


def expected(name: str) -> frozenset[str]:
    """The codes of all findings at a domain."""
    faulty = FAULTS[name]
    own = name if faulty.code == "" else faulty.code
    return faulty.also | ({own} if own else set())


def inventory(*names: str) -> dict[str, Any]:
    """The raw configuration of domains."""
    return {
        "domains": [
            {"name": f"{name}.test", "servers": list(domains()[name].servers)} for name in names
        ]
    }


def records(name: str) -> dict[str, list[str]]:
    """The zone of a domain by relative name and type, as the first name server has it."""
    return {
        "@ SOA": ["ns1.lab.test. hostmaster.lab.test. 2 900 300 9000 60"],
        "@ NS": ["ns1.lab.test.", "ns2.lab.test."],
        "@ MX": ["10 mail.lab.test."],
        "_autodiscover._tcp SRV": ["0 0 443 autodiscover.{}."],
        **_at(domains()[name].web),
        **domains()[name].records,
    }


def zone(name: str, found: Mapping[str, list[str]]) -> str:
    lines = ["$TTL 60", f"$ORIGIN {name}.test."]
    for key, values in found.items():
        lines += [f"{key} {value}".replace("{}", f"{name}.test") for value in values]
    return "\n".join(lines) + "\n"


def name_server(directory: Path, zones: Mapping[str, str]) -> None:
    """BIND's configuration and zone files."""
    directory.mkdir()
    lines = ['options { listen-on { any; }; recursion no; pid-file none; directory "/tmp"; };']
    for name, text in zones.items():
        (directory / f"{name}.zone").write_text(text)
        lines.append(
            f'zone "{name}.test" {{ type primary; file "{MOUNT}/{directory.name}/{name}.zone"; }};'
        )
    (directory / "named.conf").write_text("\n".join(lines) + "\n")


def resolver() -> str:
    """dnsmasq's configuration, with what BIND refuses to serve: a CNAME beside other records."""
    domain = "dns-alias.test"
    return "\n".join(
        [
            *("no-resolv", "no-hosts", "cache-size=0", "user=root", f"server={NS1}"),
            f"server=/dns-no-answer.test/{DEAD}",
            f"local=/{domain}/",
            *(
                f"host-record={host}.{domain},{WEB}"
                for host in ("www", "autoconfig", "autodiscover")
            ),
            f"host-record=autodiscover-s.outlook.com,{WEB}",
            f"cname={domain},www.{domain}",
            f"mx-host={domain},mail.lab.test,10",
        ]
    )


class Authority:
    """A certificate authority, and the certificates that it makes: good ones and others."""

    def __init__(self, name: str, above: Authority | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.certificate = (
            self._builder(self.name, above or self, -1, 30)
            .public_key(self.key.public_key())
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(usage, True)
            .sign((above or self).key, hashes.SHA256())
        )

    @staticmethod
    def _builder(
        subject: x509.Name, issuer: Authority, begins: int, ends: int
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=ends))
        )

    def issue(
        self,
        path: Path,
        names: list[str],
        begins: int = -1,
        ends: int = 29,
        *,
        public: bool = False,
    ) -> None:
        """Write a certificate for names, valid between these days from now, with its key.

        One of a `public` authority says where the authority's own is to be had.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = (
            self._builder(subject, self, begins, ends)
            .public_key(key.public_key())
            .add_extension(alternatives, False)
            .add_extension(x509.BasicConstraints(False, None), True)
        )
        if public:
            where = x509.UniformResourceIdentifier("http://lab.test/ca.der")
            access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), False)
        certificate = builder.sign(self.key, hashes.SHA256())
        path.write_bytes(pem(certificate) + private(key))


def self_signed(path: Path, names: list[str]) -> None:
    authority = Authority(names[0])
    path.write_bytes(pem(authority.certificate) + private(authority.key))


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def certificates(directory: Path) -> None:
    """The authority that the doctor trusts (ca.pem), and each server's certificate and key."""
    directory.mkdir()
    root, stranger = Authority("Lab root"), Authority("Stranger's root")
    between = Authority("Lab intermediate", root)
    (directory / "ca.pem").write_bytes(pem(root.certificate))
    makers: dict[str, Callable[[Path, list[str]], None]] = {
        "good": root.issue,
        "expired": lambda path, names: root.issue(path, names, -30, -2),
        "soon": lambda path, names: root.issue(path, names, -30, 5),
        "not-yet": lambda path, names: root.issue(path, names, 2, 20),
        "self-signed": self_signed,
        "untrusted": lambda path, names: _with_root(stranger, path, names),
        "incomplete": lambda path, names: between.issue(path, names, public=True),
        "wrong-name": lambda path, _: root.issue(path, ["www.lab.test"]),
        "own-authority": stranger.issue,
    }
    for name, faulty in domains().items():
        hosts = faulty.only or ("autoconfig", "autodiscover", "alias", *faulty.names)
        names = [f"{host}.{name}.test".removeprefix("@.") for host in hosts]
        makers[faulty.certificate](directory / f"{name}.pem", names)
    root.issue(directory / "microsoft-outlook.pem", ["autodiscover-s.outlook.com"])
    root.issue(directory / "former.pem", ["former.lab.test"])
    stranger.issue(directory / "own.pem", ["own.lab.test"])
    root.issue(
        directory / "mail.pem",
        [each for each in HOSTS if each not in ("other.lab.test", "own.lab.test")],
    )
    root.issue(directory / "mail-expired.pem", ["expired.lab.test"], -30, -2)


def _with_root(authority: Authority, path: Path, names: list[str]) -> None:
    authority.issue(path, names)
    path.write_bytes(path.read_bytes() + pem(authority.certificate))


def site(name: str) -> str:
    """nginx's server of one domain."""
    faulty, domain = domains()[name], f"{name}.test"
    listen = [f"{WEB_PLAIN}:80"]
    protocols = ""
    if faulty.web == WEB_NO_TLS:
        listen.append(f"{WEB_NO_TLS}:443")
    else:
        listen += [f"{faulty.web}:80", f"{faulty.web}:443 ssl"]
    if faulty.web in (WEB_OLD, WEB_BOTH):
        versions = "TLSv1.1" if faulty.web == WEB_OLD else "TLSv1.1 TLSv1.2 TLSv1.3"
        protocols = f"ssl_protocols {versions}; ssl_ciphers ALL:@SECLEVEL=0;"
    listens = " ".join(f"listen {each};" for each in listen)
    more = "".join(f" {each}.{domain}".replace("@.", "") for each in faulty.names)
    redirect = "if ($scheme = http) { return 302 https://$host$request_uri; }"
    return f"""
server {{
    {listens}
    server_name autoconfig.{domain} autodiscover.{domain} alias.{domain}{more};
    ssl_certificate {MOUNT}/certificates/{name}.pem;
    ssl_certificate_key {MOUNT}/certificates/{name}.pem;
    {protocols} {faulty.tls}
    root {MOUNT}/www/{name};
    default_type text/xml; types {{}}
    {faulty.nginx.replace("{domain}", domain)}
    {_POX} {{ {redirect} rewrite ^ /pox.xml break; error_page 405 =200 /pox.xml; }}
}}
{faulty.site.replace("{domain}", domain).replace("{name}", name)}
"""


def web(directory: Path) -> None:
    """nginx's configuration and the answers."""
    sites = "".join(site(name) for name in domains())
    (directory / "nginx.conf").write_text(
        "events {}\nhttp {\nserver_names_hash_max_size 4096; access_log off; error_log stderr;\n"
        "limit_req_zone $server_name zone=strict:1m rate=15r/m;\n"
        f"server {{ listen {WEB_NO_TLS}:143; return 404; }}\n"
        f"server {{ listen {WEB_FORMER}:80 default_server;"
        f" listen {WEB_FORMER}:443 ssl default_server;"
        f" ssl_certificate {MOUNT}/certificates/former.pem;"
        f" ssl_certificate_key {MOUNT}/certificates/former.pem; return 404; }}\n"
        f"{sites}}}\n"
    )
    for name in domains():
        write_answers(directory / "www" / name, name)


def published(name: str) -> Domain:
    """The domain as its answers have it: an inventory may not say all that a domain here does."""
    listed = domains()[name].servers
    legal = [{"type": each["type"], "host": each["host"]} for each in listed]
    found = config.parse({"domains": [{"name": f"{name}.test", "servers": legal}]})
    domain = found.domains[f"{name}.test"]
    servers = tuple(
        replace(ours, port=here["port"], security=here["security"])
        for ours, here in zip(domain.settings.servers, listed, strict=True)
    )
    return replace(domain, settings=replace(domain.settings, servers=servers))


def write_answers(directory: Path, name: str) -> None:
    faulty = domains()[name]
    found = published(name)
    pox = autodiscover.render(found, parse(f"user@{name}.test")).decode()
    if name == "pox-error":
        pox = autodiscover.render_error(autodiscover.Error.NOT_FOUND).decode()
    answers = {
        "pox.xml": edited(pox, faulty.pox, name),
        "mail/config-v1.1.xml": edited(autoconfig.render(found).decode(), faulty.config, name),
    }
    answers |= {path: text.replace("{}", f"{name}.test") for path, text in faulty.bodies.items()}
    if name == "answer-too-big":
        answers["big.xml"] = "<clientConfig>" + " " * 10_000_000 + "</clientConfig>"
    for path, text in answers.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)


def edited(text: str, edits: tuple[Edit, ...], name: str) -> str:
    for old, new in edits:
        old, new = (each.replace("{}", f"{name}.test") for each in (old, new))
        assert old in text, (name, old)
        text = text.replace(old, new)
    return text


def mail(directory: Path) -> None:
    """Dovecot's configurations, made of the usual one."""
    usual = (Path(__file__).parents[1] / "lab/images/mail/dovecot.conf").read_text()
    usual = usual.replace("/etc/lab/cert.pem", f"{MOUNT}/certificates/mail.pem")
    usual = usual.replace("/etc/lab/key.pem", f"{MOUNT}/certificates/mail.pem")
    expired = f"{MOUNT}/certificates/mail-expired.pem"
    own = f"{MOUNT}/certificates/own.pem"
    variants = {
        "usual": usual
        + f"local_name expired.lab.test {{\n  ssl_server_cert_file = {expired}\n"
        + f"  ssl_server_key_file = {expired}\n}}\n"
        + f"local_name own.lab.test {{\n  ssl_server_cert_file = {own}\n"
        + f"  ssl_server_key_file = {own}\n}}\n",
        "oauth": usual.replace("= plain login", "= oauthbearer xoauth2") + OAUTH2,
        "plain": usual.replace("ssl = required", "ssl = no\nauth_allow_cleartext = yes"),
        "lax": usual.replace("ssl = required", "ssl = yes\nauth_allow_cleartext = yes"),
    }
    for name, text in variants.items():
        (directory / f"dovecot-{name}.conf").write_text(text)


def write(directory: Path) -> None:
    """All that the containers mount, made anew."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    certificates(directory / "certificates")
    names = [name for name, faulty in domains().items() if not faulty.no_zone]
    hosts = {f"{host.removesuffix('.lab.test')} A": [address] for host, address in HOSTS.items()}
    hosts["two A"] = [MAIL, MAIL_OAUTH]
    lab = zone("lab", records("healthy") | hosts)
    first = {name: zone(name, records(name)) for name in names}
    second = {
        name: zone(name, records(name) | dict(domains()[name].second))
        for name in names
        if name != "ns-lame"
    }
    name_server(directory / "ns1", {"lab": lab} | first)
    name_server(directory / "ns2", {"lab": lab} | second)
    (directory / "dnsmasq.conf").write_text(resolver())
    web(directory)
    mail(directory)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    write(Path(sys.argv[1]))
