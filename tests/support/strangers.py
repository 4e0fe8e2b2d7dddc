"""Set-ups of strangers, as public threads and handbooks describe them: what must be said first.

They are on the servers of support.faults, a domain below test each. `kind` names the system or the
place that such a set-up is known from.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from support.faults import (
    DEAD,
    IMAP,
    MAIL,
    PASSWORD,
    SMTP,
    WEB,
    WEB_APEX,
    WEB_FORMER,
    WEB_PLAIN,
    Faulty,
    server,
)


@dataclass(frozen=True)
class Stranger(Faulty):
    """`first` is the code that must come first; empty: healthy. `subject` is how its begins."""

    kind: str = ""
    first: str = ""
    subject: str = ""
    note: str = ""  # a code that a healthy one has, and that weighs nothing

    @property
    def shows(self) -> tuple[str, ...]:
        """The codes that the set-up is made for."""
        return tuple(each for each in (self.first, self.note) if each)


POX = "location ~* ^/autodiscover/autodiscover\\.xml$"
CONFIG = "location /mail/"
CHALLENGE = "add_header WWW-Authenticate '{}' always; return 401;"
BASIC = f"{POX} {{ {CHALLENGE.replace('{}', 'Basic realm=mail')} }}"
SECRET = b64encode(f"user@mailcow-log-in.test:{PASSWORD}".encode()).decode()
LOG_IN = (
    f"{POX} {{ error_page 418 = @ask;"
    f" if ($http_authorization != 'Basic {SECRET}') {{ return 418; }}"
    " rewrite ^ /pox.xml break; error_page 405 =200 /pox.xml; }"
    f" location @ask {{ {CHALLENGE.replace('{}', 'Basic realm=mail')} }}"
)
EXCHANGE = f"{POX} {{ {CHALLENGE.replace('{}', 'Negotiate, NTLM, Basic realm=x')} }}"
NO_CONFIG: dict[str, list[str]] = {"autoconfig A": []}
NO_SRV: dict[str, list[str]] = {"_autodiscover._tcp SRV": []}
PAGE = "<!doctype html><html><title>Welcome</title><p>It works</html>"


def both(address: str, *more: str) -> dict[str, list[str]]:
    return {"autoconfig A": [address, *more], "autodiscover A": [address, *more]}


def says(status: int, where: str = POX, text: str = "") -> str:
    return f"{where} {{ return {status} '{text}'; }}"


def by_method(post: str) -> str:
    """Settings for GET alone; what POST is told."""
    return f"{POX} {{ if ($request_method = POST) {{ {post} }} rewrite ^ /pox.xml break; }}"


def site(address: str, names: str, inside: str, certificate: str = "{name}") -> str:
    """One more server of nginx, with the certificate of a domain or another."""
    pem = f"/srv/lab/certificates/{certificate}.pem"
    usual = "" if "default_type" in inside else "default_type text/xml; types {}"
    return (
        f"server {{ listen {address}:80; listen {address}:443 ssl; server_name {names};"
        f" ssl_certificate {pem}; ssl_certificate_key {pem}; {usual}"
        f" {inside} }}"
    )


def old_config(host: str = "old.lab.test") -> str:
    def one(element: str, type_: str, port: int) -> str:
        return (
            f'<{element} type="{type_}"><hostname>{host}</hostname><port>{port}</port><socketType>'
            "SSL</socketType><username>%EMAILADDRESS%</username><authentication>"
            f"password-cleartext</authentication></{element}>"
        )

    return (
        '<clientConfig version="1.1"><emailProvider id="former.test"><domain>{}</domain>'
        f"{one('incomingServer', 'imap', 993)}{one('outgoingServer', 'smtp', 465)}"
        "</emailProvider></clientConfig>"
    )


def old_pox(host: str = "old.lab.test") -> str:
    def one(type_: str, port: int) -> str:
        return (
            f"<Protocol><Type>{type_}</Type><Server>{host}</Server><Port>{port}</Port><LoginName>"
            "user@{}</LoginName><DomainRequired>off</DomainRequired><SPA>off</SPA><SSL>on</SSL>"
            "<AuthRequired>on</AuthRequired></Protocol>"
        )

    schema = "http://schemas.microsoft.com/exchange/autodiscover"
    return (
        f'<Autodiscover xmlns="{schema}/responseschema/2006"><Response '
        f'xmlns="{schema}/outlook/responseschema/2006a"><Account><AccountType>email</AccountType>'
        f"<Action>settings</Action>{one('IMAP', 993)}{one('SMTP', 465)}</Account></Response>"
        "</Autodiscover>"
    )


REDIRECT = (
    old_pox().partition("<Action>")[0]
    + "<Action>redirectAddr</Action><RedirectAddr>user@healthy.test</RedirectAddr>"
    "</Account></Response></Autodiscover>"
)
FILES = {"old.xml": old_config(), "oldpox.xml": old_pox(), "page.html": PAGE}
ALL_METHODS = "rewrite ^ /FILE break; error_page 405 =200 /FILE;"
OLD_POX = f"root /srv/lab/www/NAME; {POX} {{ {ALL_METHODS.replace('FILE', 'oldpox.xml')} }}"
AT_PAGE = f"{{ default_type text/html; types {{}} {ALL_METHODS.replace('FILE', 'page.html')} }}"
FAULTY: dict[str, Stranger] = {
    # Web servers and hosting
    "static-405": Stranger(kind="static hosting", first="web-post-refused", nginx=says(405)),
    "s3-405": Stranger(
        kind="object storage", first="web-post-refused", nginx=says(405, text="<Error/>")
    ),
    "php-500": Stranger(kind="a PHP script", first="web-program", nginx=says(500)),
    "php-500-config": Stranger(
        kind="a PHP script",
        first="web-program",
        nginx=says(500, CONFIG),
        subject="https://autoconfig",
    ),
    "php-source": Stranger(
        kind="hosting without PHP",
        first="answer-source",
        nginx=f"{CONFIG} {{ rewrite ^ /source.php break; }}",
        bodies={"source.php": "<?php header('Content-Type: text/xml'); ?>"},
    ),
    "php-warning": Stranger(
        kind="a PHP script", first="answer-prefix", config=(("<?xml", "\nWarning: x\n<?xml"),)
    ),
    "php-empty": Stranger(
        kind="a PHP script",
        first="answer-empty",
        nginx=f"{CONFIG} {{ rewrite ^ /empty.xml break; }}",
        bodies={"empty.xml": ""},
    ),
    "post-404": Stranger(
        kind="a program that answers GET alone",
        first="web-post-refused",
        nginx=by_method("return 404;"),
    ),
    "post-403": Stranger(
        kind="a framework's protection of forms (CSRF)",
        first="web-post-refused",
        nginx=by_method("return 403;"),
    ),
    "json": Stranger(
        kind="a program of one's own",
        first="answer-not-xml",
        nginx=says(200, text='{"Protocol": "AutodiscoverV1"}'),
    ),
    "gateway-502": Stranger(
        kind="a reverse proxy",
        first="web-gateway",
        nginx=says(502, "location /").replace("location / ", f"{POX} "),
    ),
    "gateway-504": Stranger(kind="a reverse proxy", first="web-gateway", nginx=says(504, CONFIG)),
    "cloudflare-522": Stranger(
        kind="Cloudflare", first="web-proxy", nginx=f"{says(522)}\n{says(522, CONFIG)}"
    ),
    "cloudflare-526": Stranger(kind="Cloudflare", first="web-proxy", nginx=says(526)),
    "cloudflare-check": Stranger(
        kind="Cloudflare",
        first="web-bot-check",
        nginx=says(403, text="<!doctype html><title>Just a moment...</title>"),
    ),
    "htaccess-403": Stranger(kind="Apache", first="web-forbidden", nginx=says(403, CONFIG)),
    "locked-config": Stranger(
        kind="a protected directory",
        first="web-locked",
        nginx=f"{CONFIG} {{ {CHALLENGE.replace('{}', 'Basic realm=x')} }}",
    ),
    "locked-mute": Stranger(kind="an application", first="web-locked", nginx=says(401)),
    "wordpress": Stranger(
        kind="a web site's redirect",
        first="web-redirect-page",
        nginx=f"{CONFIG} {{ return 301 https://autoconfig.{{domain}}/page.html; }}\n"
        "location = /page.html { default_type text/html; }",
        bodies=FILES,
        subject="https://autoconfig",
    ),
    "login-page": Stranger(
        kind="a panel's log-in page",
        first="answer-page",
        nginx=f"{POX} {AT_PAGE}",
        bodies=FILES,
        subject="https://autodiscover",
    ),
    "parking": Stranger(
        kind="a parked domain", first="answer-page", nginx=f"{CONFIG} {AT_PAGE}", bodies=FILES
    ),
    "plesk-html": Stranger(
        kind="Plesk, content type",
        first="answer-content-type",
        nginx=f"{CONFIG} {{ default_type text/html; }}",
    ),
    "octets": Stranger(
        kind="static hosting",
        first="answer-content-type",
        nginx=f"{CONFIG} {{ default_type application/octet-stream; types {{}} }}",
    ),
    "agent-outlook": Stranger(
        kind="a web application firewall",
        first="web-user-agent",
        nginx='if ($http_user_agent ~ "Microsoft Office") { return 403; }',
    ),
    "agent-okhttp": Stranger(
        kind="a web application firewall",
        first="web-user-agent",
        nginx='if ($http_user_agent ~ "okhttp") { return 406; }',
    ),
    "agent-mozilla": Stranger(
        kind="fail2ban's like",
        first="web-user-agent",
        nginx='if ($http_user_agent ~ "Thunderbird") { return 444; }',
    ),
    "limit": Stranger(
        kind="a rate limit",
        first="web-rate-limit",
        nginx="add_header Retry-After 600 always; return 429;",
    ),
    "case": Stranger(
        kind="a case-sensitive path",
        first="web-case",
        nginx="location = /autodiscover/autodiscover.xml { rewrite ^ /pox.xml break;"
        f" error_page 405 =200 /pox.xml; }}\n{POX} {{ return 404; }}",
    ),
    # DNS
    "doubled": Stranger(
        kind="a DNS panel",
        first="dns-doubled",
        records={"autodiscover A": [], "autodiscover.{} A": [WEB], **NO_SRV},
        subject="autodiscover.",
    ),
    "doubled-config": Stranger(
        kind="a DNS panel",
        first="dns-doubled",
        records={"autoconfig A": [], "autoconfig.{} CNAME": ["www.lab.test."]},
        subject="autoconfig.",
    ),
    "doubled-srv": Stranger(
        kind="a DNS panel",
        first="dns-doubled",
        records={
            "autodiscover A": [],
            **NO_SRV,
            "_autodiscover._tcp.{} SRV": ["0 0 443 www.lab.test."],
        },
    ),
    "doubled-target": Stranger(
        kind="a zone file without a final dot",
        first="dns-target-doubled",
        records={"autodiscover A": [], "autodiscover CNAME": ["autoconfig.{}.{}."], **NO_SRV},
    ),
    "wildcard": Stranger(
        kind="a wildcard record",
        first="dns-wildcard",
        records={"autoconfig A": [], "autodiscover A": [], **NO_SRV, "* A": [WEB_FORMER]},
    ),
    "wildcard-page": Stranger(
        kind="a wildcard record",
        first="dns-wildcard",
        records={"autoconfig A": [], "* A": [WEB_APEX]},
        names=("@",),
        site=site(WEB_APEX, "*.{domain}", "default_type text/html; return 200 'hello';"),
        bodies=FILES,
        subject="autoconfig.",
    ),
    "wildcard-stopped": Stranger(
        kind="a wildcard record to the right server, which is stopped",
        first="port-closed",
        records={"autoconfig A": [], "autodiscover A": [], **NO_SRV, "* A": [MAIL]},
        subject="https://auto",
    ),
    "wildcard-vhost": Stranger(
        kind="a wildcard record to the right server, which has one of two names",
        first="web-status",
        records={"autoconfig A": [], "autodiscover A": [], "* A": [WEB]},
        nginx=says(404, CONFIG),
        subject="https://autoconfig",
    ),
    "srv-certificate": Stranger(
        kind="a certificate without the SRV record's target",
        first="tls-wrong-name",
        records={"autodiscover A": [], "_autodiscover._tcp SRV": ["0 0 443 www.lab.test."]},
        subject="https://www.lab.test",
    ),
    "srv-one-gone": Stranger(
        kind="a second SRV record to a host that is gone",
        first="srv-target-unknown",
        records={"_autodiscover._tcp SRV": ["0 0 443 autodiscover.{}.", "9 0 443 gone.lab.test."]},
    ),
    "no-autodiscover": Stranger(
        kind="static hosting", first="dns-no-autodiscover", records={"autodiscover A": [], **NO_SRV}
    ),
    "no-autoconfig": Stranger(
        kind="a panel for Outlook alone", first="dns-no-autoconfig", records=NO_CONFIG
    ),
    "gone-cname": Stranger(
        kind="a provider that closed",
        first="dns-alias-nowhere",
        records={"autoconfig A": [], "autoconfig CNAME": ["gone.lab.test."]},
    ),
    # Two servers, old servers
    "left-microsoft": Stranger(
        kind="a record left from Microsoft 365",
        first="settings-disagree",
        records={"autodiscover A": [WEB_PLAIN], **NO_SRV},
        nginx=f"{POX} {{ return 302 https://autodiscover-s.outlook.com$uri; }}",
        subject="https://autodiscover-s.outlook.com",
    ),
    "two-addresses": Stranger(
        kind="the former server at one of two addresses",
        first="address-differs",
        records=both(WEB, WEB_FORMER),
        subject="https://auto",
    ),
    "two-answers": Stranger(
        kind="the former server at one of two addresses",
        first="address-differs",
        records={"autodiscover A": [WEB, WEB_APEX]},
        site=site(WEB_APEX, "autodiscover.{domain}", OLD_POX.replace("NAME", "two-answers")),
        bodies=FILES,
    ),
    "two-dead": Stranger(
        kind="an address that is gone", first="address-dead", records={"autoconfig A": [WEB, DEAD]}
    ),
    "two-mail": Stranger(
        kind="the former mail server at one of two addresses",
        first="address-differs",
        servers=(server("imap", 993, host="two.lab.test"), SMTP),
        subject="imap two.lab.test",
    ),
    "former-config": Stranger(
        kind="autoconfig. at the former provider",
        first="settings-disagree",
        records={"autoconfig A": [WEB_APEX]},
        site=site(
            WEB_APEX,
            "autoconfig.{domain}",
            "root /srv/lab/www/former-config; rewrite ^/mail/ /old.xml break;",
        ),
        bodies=FILES,
        subject="https://autoconfig",
    ),
    "former-apex": Stranger(
        kind="a web hoster's own Autodiscover at the domain",
        first="settings-disagree",
        records={"@ A": [WEB_APEX]},
        names=("@",),
        site=site(WEB_APEX, "{domain}", OLD_POX.replace("NAME", "former-apex")),
        bodies=FILES,
        subject="https://former-apex.test",
    ),
    "former-http": Stranger(
        kind="a file at http alone",
        first="settings-disagree",
        nginx="if ($scheme = http) { rewrite ^/mail/ /old.xml break; }",
        bodies=FILES,
        subject="http://autoconfig",
    ),
    "former-known": Stranger(
        kind="an old /.well-known/autoconfig",
        first="settings-disagree",
        records={"@ A": [WEB_APEX]},
        names=("@",),
        site=site(
            WEB_APEX,
            "{domain}",
            "root /srv/lab/www/former-known; rewrite ^/.well-known/autoconfig/ /old.xml break;",
        ),
        bodies=FILES,
        subject="https://former-known.test",
    ),
    "former-srv": Stranger(
        kind="old SRV records",
        first="srv-disagrees",
        records={"_imaps._tcp SRV": ["0 1 993 old.lab.test."]},
    ),
    # Certificates
    "apex-certificate": Stranger(
        kind="a hoster's certificate at the domain itself",
        first="tls-domain-itself",
        records={"@ A": [WEB_FORMER]},
        subject="https://apex-certificate.test",
    ),
    "one-name": Stranger(
        kind="a certificate for one of two names",
        first="tls-wrong-name",
        only=("autoconfig",),
        subject="https://autodiscover",
    ),
    "panel-certificate": Stranger(
        kind="cPanel's self-signed certificate", first="tls-self-signed", certificate="self-signed"
    ),
    # Documents
    "id-missing": Stranger(
        kind="a hand-made file", first="config-element", config=((' id="id-missing.test"', ""),)
    ),
    "id-phrase": Stranger(
        kind="a hand-made file",
        first="config-element",
        config=(('id="id-phrase.test"', 'id="My Mail Company"'),),
    ),
    "id-address": Stranger(
        kind="a hand-made file",
        first="config-element",
        config=(('id="id-address.test"', 'id="https://mail.test/"'),),
    ),
    "socket-tls": Stranger(
        kind="a hand-made file",
        first="config-element",
        config=(("<socketType>SSL<", "<socketType>TLS<"),),
    ),
    "auth-unknown": Stranger(
        kind="a hand-made file",
        first="config-element",
        config=(("<authentication>password-cleartext<", "<authentication>password<"),),
    ),
    "plain-server": Stranger(
        kind="a hand-made file",
        first="settings-plain",
        servers=(IMAP, server("imap", 143, "none", "plain.lab.test"), SMTP),
    ),
    "old-schema": Stranger(
        kind="a script for Outlook 2007",
        first="pox-namespace",
        pox=(("outlook/responseschema/2006a", "outlook/responseschema/2006"),),
    ),
    # Mail servers
    "firewalled": Stranger(
        kind="a closed port", first="port-closed", servers=(IMAP, server("smtp", 466))
    ),
    "port-587-tls": Stranger(
        kind="a wrong security", first="settings-tls", servers=(IMAP, server("smtp", 587))
    ),
    "internal-name": Stranger(
        kind="an internal host name",
        first="name-unknown",
        servers=(server("imap", 993, host="srv01.lab.test"), SMTP),
    ),
}
HEALTHY: dict[str, Stranger] = {
    "mailcow": Stranger(kind="mailcow", nginx=BASIC, note="web-asks-password"),
    "mailcow-log-in": Stranger(kind="mailcow", nginx=LOG_IN),
    "exchange": Stranger(
        note="dns-exchange-alone", kind="Exchange", nginx=EXCHANGE, records={**NO_CONFIG, **NO_SRV}
    ),
    "exchange-and-config": Stranger(kind="Exchange with a clientConfig", nginx=EXCHANGE),
    "microsoft": Stranger(
        note="autodiscover-microsoft",
        kind="Microsoft 365's way: http redirects, then a log-in",
        records={"autodiscover A": [WEB_PLAIN], **NO_CONFIG, **NO_SRV},
        nginx=f"{POX} {{ return 302 https://autodiscover-s.outlook.com$uri; }}",
        site=site(
            WEB,
            "autodiscover-s.outlook.com",
            f"{POX} {{ {CHALLENGE.replace('{}', 'Bearer')} }}",
            "microsoft-outlook",
        ),
    ),
    "microsoft-tls": Stranger(
        note="autodiscover-microsoft",
        kind="Microsoft 365's way, with a certificate for another name",
        records={**NO_CONFIG, **NO_SRV},
        only=("autoconfig",),
        nginx=f"{POX} {{ return 302 https://autodiscover-s.outlook.com$uri; }}",
    ),
    "three-records": Stranger(kind="README's three records"),
    "caldav-protocols": Stranger(
        kind="CalDAV and CardDAV in Autodiscover",
        pox=(
            (
                "</Account>",
                "<Protocol><Type>CalDAV</Type><Server>https://dav.test/</Server></Protocol>"
                "<Protocol><Type>CardDAV</Type><Server>https://dav.test/</Server></Protocol></Account>",
            ),
        ),
    ),
    "both-submissions": Stranger(
        kind="SRV at 465 and 587",
        records={
            "_imaps._tcp SRV": ["0 1 993 mail.lab.test."],
            "_submissions._tcp SRV": ["0 1 465 mail.lab.test."],
            "_submission._tcp SRV": ["0 1 587 mail.lab.test."],
        },
    ),
    "other-port": Stranger(
        kind="Autodiscover names 587, Autoconfig 465",
        config=(
            (
                "<port>465</port>\n      <socketType>SSL<",
                "<port>587</port>\n      <socketType>STARTTLS<",
            ),
        ),
    ),
    "provider-domain": Stranger(
        kind="a provider's file for all customers",
        config=(("<domain>provider-domain.test", "<domain>provider.example"),),
    ),
    "provider-id": Stranger(
        kind="a provider's file for all customers",
        config=(('id="provider-id.test"', 'id="provider.example"'),),
    ),
    "own-authority": Stranger(
        note="tls-own-authority",
        kind="an authority of one's own, the leaf alone is sent",
        certificate="own-authority",
    ),
    "own-mail": Stranger(
        kind="an authority of one's own, the leaf alone is sent",
        servers=(server("imap", 993, host="own.lab.test"), SMTP),
    ),
    "wildcard-right": Stranger(
        kind="a wildcard record to the right server",
        records={"autoconfig A": [], "autodiscover A": [], "* A": [WEB]},
    ),
    "both-names": Stranger(
        kind="two names of one mail server",
        servers=(IMAP, SMTP),
        config=(
            (
                "<hostname>mail.lab.test</hostname>\n      <port>993",
                "<hostname>alias.lab.test</hostname>\n      <port>993",
            ),
        ),
    ),
    "static": Stranger(
        kind="static hosting that accepts POST, and http alike",
        nginx=f"{POX} {{ rewrite ^ /pox.xml break; error_page 405 =200 /pox.xml; }}",
    ),
    "redirect-address": Stranger(
        kind="Autodiscover names another address",
        nginx=f"{POX} {{ {ALL_METHODS.replace('FILE', 'redirect.xml')} }}",
        bodies={"redirect.xml": REDIRECT},
        config=(("%EMAILADDRESS%", "%EMAILLOCALPART%@healthy.test"),),
    ),
    "at-provider": Stranger(
        kind="a provider's file, by a redirect",
        nginx=f"{CONFIG} {{ return 302 https://autoconfig.healthy.test$request_uri; }}",
    ),
    "capitals": Stranger(kind="On and Off in capitals", pox=((">on<", ">On<"), (">off<", ">Off<"))),
    "latin-1": Stranger(
        kind="a hand-made file", config=(('encoding="utf-8"', 'encoding="ISO-8859-1"'),)
    ),
    "web-site": Stranger(
        kind="a web site at the domain",
        records={"@ A": [WEB_APEX]},
        names=("@",),
        site=site(WEB_APEX, "{domain}", "default_type text/html; return 200 '<html>hello</html>';"),
    ),
    "agent-chooses": Stranger(
        kind="a firewall that refuses the doctor's own name",
        nginx=f'{POX} {{ if ($http_user_agent ~ "mail-autoconfig") {{ return 403; }}'
        " rewrite ^ /pox.xml break; error_page 405 =200 /pox.xml; }",
    ),
}
STRANGERS = FAULTY | HEALTHY
"""By the name of the domain, below test."""
