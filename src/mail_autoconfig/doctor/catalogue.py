"""What the checks can find. A table: one text and one remedy for each fault.

docs/doctor.md has the same table for people.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..formats.words import POX_RESPONSE, POX_ROOT
from .data import Finding, Severity


@dataclass(frozen=True, slots=True)
class Fault:
    """The texts of a finding; names in braces stand for values; `paste` is to be copied."""

    severity: Severity
    what: str
    should: str
    remedy: str
    paste: str = ""


_NAME_SERVERS = "correct the zone's NS records, or repair that server"
_RENEW = "renew it; the log of its ACME client says why that did not happen"
_WEB_SERVER = "point the name {host} to the server that has the settings, or put them there"
_RESPONDER = "correct this in the file or the program that is answered from at this URL"
_PUBLISH = "correct it in the file or the program that is answered from at this URL"
_RECORDS = """\
autoconfig.{domain}.        CNAME  HOST.
autodiscover.{domain}.      CNAME  HOST.
_autodiscover._tcp.{domain}. SRV   0 0 443 autodiscover.{domain}."""
_OPEN = """\
location /{path} {{
    auth_basic off;
    allow all;
}}"""

FAULTS = {
    # Names and name servers:
    "dns-nothing": Fault(
        "error",
        "no DNS record points mail clients to settings",
        "a record autoconfig., autodiscover. or _autodiscover._tcp.",
        "add these records; HOST is the web server that has the settings",
        _RECORDS,
    ),
    "dns-wildcard": Fault(
        "error",
        "a wildcard record catches the name {name}: {text}",
        "a record of its own, to the server that has the settings",
        "add an explicit record for {name}: it wins over the wildcard",
        "{name}. CNAME HOST.",
    ),
    "dns-wildcard-mute": Fault(
        "error",
        "a wildcard record catches the name {name}, and nobody answers there: {text}",
        "a server that answers there, or a record of its own",
        "start the server; if it is the wrong one, add an explicit record for {name}",
        "{name}. CNAME HOST.",
    ),
    "dns-doubled": Fault(
        "error",
        "the record is at {doubled}: the zone's name is there twice",
        "a record {name}",
        "write the name without the domain, or end it with a dot",
        "{name}. ",
    ),
    "dns-target-doubled": Fault(
        "error",
        "the target {target} has the zone's name twice",
        "{should}",
        "end the target with a dot: {should}.",
    ),
    "dns-no-autodiscover": Fault(
        "warning",
        "no record leads Outlook to settings",
        "a record autodiscover. or _autodiscover._tcp.",
        "add a record autodiscover.{domain}, to a server that answers POST with Autodiscover's XML",
        "autodiscover.{domain}. CNAME HOST.",
    ),
    "dns-no-autoconfig": Fault(
        "warning",
        "no record autoconfig.: {clients} find no settings",
        "a record autoconfig.",
        "add it, to a web server that has a clientConfig at /mail/config-v1.1.xml",
        "autoconfig.{domain}. CNAME HOST.",
    ),
    "dns-no-mx": Fault(
        "warning",
        "no MX record",
        "an MX record that names the domain's mail server",
        "add an MX record for the server that receives the domain's mail",
    ),
    "dns-exchange-alone": Fault(
        "note",
        "Autodiscover is behind a log-in, and there is no record autoconfig.: {clients} find no "
        "settings by themselves",
        "so it is at Exchange; a record autoconfig. for other clients",
        "add it if the server has IMAP, to a web server that has a clientConfig",
    ),
    "dns-missing": Fault(
        "error", "no such record", "{values}", "add the record; `mail-autoconfig dns` prints it"
    ),
    "dns-optional": Fault(
        "note",
        "no such record",
        "{values}",
        "add it for clients that read such records; Outlook and Thunderbird need none",
    ),
    "dns-wrong": Fault(
        "warning", "the record is {found}", "{values}", "change the record to this value"
    ),
    "dns-alias": Fault(
        "error",
        "the domain itself is a CNAME to {target}",
        "A and AAAA records, since the name has SOA, NS and MX records (RFC 1034, section 3.6.2)",
        "replace the CNAME by A and AAAA records, or by the DNS provider's ALIAS",
    ),
    "dns-alias-beside": Fault(
        "error",
        "the name has a CNAME and also {types}",
        "a CNAME alone (RFC 1034, section 3.6.2)",
        "remove the CNAME, or the other records",
    ),
    "dns-alias-nowhere": Fault(
        "error",
        "the name is a CNAME to {target}, which has no address",
        "a CNAME to a host with an address",
        "correct the CNAME, or remove it",
    ),
    "dns-no-answer": Fault(
        "error",
        "the resolver gets no answer",
        "an answer, even if it is that the name does not exist",
        "check the zone's name servers and its DNSSEC signatures",
    ),
    "srv-port": Fault(
        "error",
        "the SRV record names port {port}",
        "port 443: clients ignore or refuse others",
        "publish port 443, and answer there",
    ),
    "srv-target-alias": Fault(
        "note",
        "the SRV record's target {target} is a CNAME",
        "a name with an address (RFC 2782)",
        "name the host that the CNAME points to",
    ),
    "srv-target-unknown": Fault(
        "error",
        "the SRV record's target {target} has no address",
        "a host with an address",
        "add its A or AAAA record, or name another host",
    ),
    "srv-disagrees": Fault(
        "warning",
        "the SRV record says {found}",
        "{published}, as the published settings say",
        "correct the record (RFC 6186)",
    ),
    "ns-silent": Fault(
        "warning", "the name server {server} does not answer", "an answer", _NAME_SERVERS
    ),
    "ns-lame": Fault(
        "warning", "the name server {server} does not know the zone", "an answer", _NAME_SERVERS
    ),
    "ns-serial": Fault(
        "note",
        "the name servers have different serials: {serials}",
        "the same serial everywhere",
        "make the secondaries transfer the zone from the primary",
    ),
    "ns-differ": Fault(
        "error",
        "the name server {server} says {found}, others say {others}",
        "the same answer everywhere",
        "make the secondaries transfer the zone from the primary",
    ),
    "address-dead": Fault(
        "error",
        "the address {address} does not answer",
        "an answer at each address of the name",
        "remove the A or AAAA record, or make the server listen there",
    ),
    "address-differs": Fault(
        "error",
        "another server answers at the address {address}: {text}",
        "the same at each address of {host}; elsewhere: {usual}",
        "remove {address} from the records of {host}; a server of yours must answer alike",
    ),
    "address-private": Fault(
        "error",
        "{text}",
        "a public address",
        "publish the server's public address; --allow-private examines an internal network",
    ),
    "address-untried": Fault(
        "warning",
        "the host has IPv6 addresses only, and this machine has no IPv6",
        "an IPv4 address too: some networks have no IPv6",
        "add an A record, or run the doctor on another machine",
    ),
    "name-unknown": Fault(
        "error",
        "the name does not exist, or has no address",
        "a host with an address",
        "add its A or AAAA record, or publish the right name",
    ),
    "port-closed": Fault(
        "error",
        "the connection is refused",
        "a server at this port",
        "start the server, open the port, or publish the right port",
    ),
    "port-silent": Fault(
        "error",
        "no connection within {seconds} s",
        "a server at this port",
        "check the firewall, the host name and the port",
    ),
    # Certificates and TLS, of web and mail servers:
    "tls-expired": Fault(
        "error", "the certificate expired on {date}", "a valid certificate", _RENEW
    ),
    "tls-expires-soon": Fault(
        "warning", "the certificate expires on {date}", "more than {days} days left", _RENEW
    ),
    "tls-not-yet": Fault(
        "error",
        "the certificate is not valid before {date}",
        "a certificate that is valid now",
        "correct the clock of the machine that made it",
    ),
    "tls-self-signed": Fault(
        "error",
        "the certificate is self-signed",
        "a certificate from an authority that clients trust",
        "order one, for example from Let's Encrypt",
    ),
    "tls-untrusted": Fault(
        "error",
        "the certificate is from an authority that is not trusted",
        "a certificate from an authority that clients trust",
        "order one, for example from Let's Encrypt; --ca trusts your own authority",
    ),
    "tls-incomplete": Fault(
        "error",
        "the certificate's chain is incomplete",
        "the certificate and all intermediate certificates",
        "make the server send the whole chain (fullchain.pem)",
    ),
    "tls-own-authority": Fault(
        "note",
        "the certificate's chain is incomplete, or its authority is your own",
        "a whole chain, to an authority that clients trust",
        "send the whole chain (fullchain.pem); of your own authority tell the doctor by --ca FILE",
    ),
    "tls-domain-itself": Fault(
        "warning",
        "Outlook asks the domain itself first, and meets a bad certificate: {text}",
        "a certificate that contains {domain}, or no server at port 443",
        "put {domain} on the certificate there, or set ExcludeHttpsRootDomain on the PCs "
        "(docs/outlook.md)",
    ),
    "tls-invalid": Fault(
        "error", "the certificate is refused: {text}", "a valid certificate", _RENEW
    ),
    "tls-wrong-name": Fault(
        "error",
        "the certificate is for {names}",
        "a certificate that contains {host}",
        "order one that contains this name, or publish a name that the certificate contains",
    ),
    "tls-name-refused": Fault(
        "error",
        "the server refuses the name in the TLS greeting (SNI)",
        "a certificate that contains {host}",
        "add the name to the web server's configuration and to its certificate",
    ),
    "tls-too-old": Fault(
        "error",
        "the server supports obsolete versions of TLS only",
        "TLS 1.2 or 1.3 (RFC 8996)",
        "enable TLS 1.2 and 1.3 in the server's configuration",
    ),
    "tls-old-offered": Fault(
        "note",
        "the server still accepts TLS 1.0 or 1.1",
        "TLS 1.2 and 1.3 only (RFC 8996)",
        "disable the old versions in the server's configuration",
    ),
    "tls-none": Fault(
        "error",
        "the port answers, but not in TLS",
        "TLS from the first byte",
        "make the web server listen there with TLS (nginx: `listen 443 ssl`)",
    ),
    "tls-failed": Fault("error", "TLS fails: {text}", "a TLS connection", "see the server's log"),
    # Web servers:
    "web-silent": Fault(
        "error",
        "no answer within {seconds} s",
        "an answer within a second",
        "check the server's load and the firewall",
    ),
    "web-broken": Fault("error", "no HTTP answer: {text}", "an HTTP answer", _WEB_SERVER),
    "autoconfig-http-only": Fault(
        "warning",
        "the settings are available over http only",
        "https too: Delta Chat and others ask there only",
        "answer over https too, with a certificate for this name",
    ),
    "autodiscover-http-only": Fault(
        "error",
        "the settings are available over http only",
        "https: Outlook accepts no settings over http",
        "answer over https, with a certificate for this name",
    ),
    "autodiscover-by-http": Fault(
        "warning",
        "https does not answer for this name; http redirects to {location}",
        "an answer over https here: Outlook asks the user whether to trust the other host",
        "answer over https at {host}, with a certificate for this name",
    ),
    "autodiscover-microsoft": Fault(
        "note",
        "https does not answer for this name; http redirects to {location}",
        "so it is for domains of Microsoft 365",
        "nothing",
    ),
    "web-no-redirect": Fault(
        "note",
        "http answers, and does not redirect to https",
        "status 302, to https://{host}",
        "redirect this path; Outlook asks there when https fails",
    ),
    "web-redirect-loop": Fault(
        "error",
        "the redirects are a loop at {location}",
        "an answer after three redirects at most",
        "remove the redirect; behind Cloudflare set SSL/TLS to Full (strict): with Flexible it "
        "asks the server by plain http, which redirects to https for ever",
    ),
    "web-redirect-plain": Fault(
        "error", "https redirects to http: {location}", "https throughout", "redirect to https"
    ),
    "web-redirect-elsewhere": Fault(
        "warning",
        "the server redirects to another host: {location}",
        "an answer here: Outlook asks the user whether to trust the other host",
        "answer here, or set RedirectServers on the PCs",
    ),
    "web-redirect-page": Fault(
        "error",
        "the server redirects to a web page: {location}",
        "settings in XML, from {host} itself",
        "exempt this path from the redirect; a web site's rules catch it",
    ),
    "web-status": Fault(
        "error",
        "status {status}",
        "status 200",
        "put the settings at /{path} on this server, or point {host} to the server that has them",
    ),
    "web-asks-password": Fault(
        "note",
        "status 401: answers after a log-in ({schemes})",
        "so it is at Exchange and mailcow; else settings without a password",
        "try it with --log-in",
    ),
    "web-locked": Fault(
        "error",
        "status 401: the server requires a password",
        "settings without a password: they contain no secret",
        "allow this path without a password (nginx)",
        _OPEN,
    ),
    "web-forbidden": Fault(
        "error",
        "status 403: the server forbids it",
        "status 200 for everybody",
        "allow this path in the server's rules and firewall, and let the server read the file",
        _OPEN,
    ),
    "web-bot-check": Fault(
        "error",
        "status {status}: a check for people answers, which no mail client passes",
        "status 200 without a question",
        "exempt /{path} from the bot protection (Cloudflare: a WAF rule with the action Skip)",
    ),
    "web-user-agent": Fault(
        "error",
        "the server refuses {client} by its User-Agent ({text}), and answers others",
        "the same answer for each client",
        "let this User-Agent through in the firewall or the server's rules",
        "{agent}",
    ),
    "web-post-refused": Fault(
        "error",
        "status {status}: the server answers GET, and refuses POST",
        "status 200 to POST, as Outlook asks",
        "let this path take POST, without a form's protection (CSRF); for a file, nginx needs",
        "error_page 405 =200 $uri;",
    ),
    "web-program": Fault(
        "error",
        "status {status}: the program that answers fails",
        "status 200",
        "read the program's log, and the web server's error log of this minute",
    ),
    "web-gateway": Fault(
        "error",
        "status {status}: the web server does not reach the program behind it",
        "status 200",
        "start the program, or correct the address in the web server's proxy_pass or fastcgi_pass",
    ),
    "web-proxy": Fault(
        "error",
        "status {status}: the proxy in front (Cloudflare) does not reach the server",
        "an answer of the server itself",
        'set the record {host} to "DNS only" in Cloudflare, or let the server answer the proxy',
    ),
    "web-rate-limit": Fault(
        "warning",
        "the server limits the rate (status 429); the rest was not asked at {host}",
        "enough requests for an office of PCs behind one address",
        "raise the limit for these paths, and run the doctor again",
    ),
    "web-case": Fault(
        "warning",
        "the path is not found in this spelling (status {status})",
        "upper and lower case alike: Microsoft's clients use several spellings",
        "ignore upper and lower case in this path (nginx)",
        "location ~* ^/autodiscover/autodiscover\\.xml$",
    ),
    "answer-page": Fault("error", "a web page (text/html)", "settings in XML", _WEB_SERVER),
    "answer-content-type": Fault(
        "error",
        "content type {type}",
        "text/xml or application/xml: Thunderbird and others refuse the rest",
        "set the content type (nginx, for this location)",
        "types {{ }} default_type text/xml;",
    ),
    "answer-empty": Fault(
        "error", "an empty answer", "settings in XML", "read the log of the program that answers"
    ),
    "answer-source": Fault(
        "error",
        "the source of a program, which does not run",
        "settings in XML",
        "let the web server of {host} run this program (PHP), or put a plain file there",
    ),
    "answer-prefix": Fault(
        "error",
        "something stands before <?xml: {text}",
        "<?xml as the first characters",
        "remove the blank lines or the program's messages before it",
    ),
    "answer-too-big": Fault(
        "error",
        "more than {octets} octets",
        "a few thousand octets",
        "put the settings alone at this URL: a download or a web site answers there",
    ),
    "answer-not-xml": Fault("error", "no well-formed XML: {text}", "well-formed XML", _RESPONDER),
    "answer-dtd": Fault(
        "error", "a document type declaration", "none: careful parsers refuse it", _RESPONDER
    ),
    # Outlook's XML:
    "pox-root": Fault(
        "error", "the root is {found}", "{should}", _RESPONDER, f'<Autodiscover xmlns="{POX_ROOT}">'
    ),
    "pox-namespace": Fault(
        "error",
        "Response is in {found}",
        "{should}",
        _RESPONDER,
        f'<Response xmlns="{POX_RESPONSE}">',
    ),
    "pox-error": Fault(
        "error",
        "error {number}: {message}",
        "settings",
        "add the domain there; a program that knows its users wants one of their addresses",
    ),
    "pox-account": Fault("error", "{element} is {found}", "{should}", _RESPONDER, "{example}"),
    "pox-no-server": Fault(
        "error", "no server of a type that Outlook knows", "IMAP or POP3, and SMTP", _RESPONDER
    ),
    "pox-type": Fault(
        "error",
        "Type is {found}",
        "POP3, IMAP or SMTP: others are ignored",
        _RESPONDER,
        "<Type>IMAP</Type>",
    ),
    "pox-port": Fault(
        "error", "{type}: Port is {found}", "1 to 65535", _RESPONDER, "<Port>{usual}</Port>"
    ),
    "pox-login": Fault(
        "error",
        "{type}: no LoginName",
        "LoginName: its default is the local part alone",
        _RESPONDER,
        "<LoginName>{user}</LoginName>",
    ),
    "pox-spa": Fault(
        "error",
        "{type}: SPA is {found}",
        "off: the default is on, which only Exchange supports",
        _RESPONDER,
        "<SPA>off</SPA>",
    ),
    "pox-domain-required": Fault(
        "error",
        "{type}: DomainRequired is on",
        "off: otherwise Outlook asks for a Windows domain",
        _RESPONDER,
        "<DomainRequired>off</DomainRequired>",
    ),
    "pox-auth-required": Fault(
        "error", "{type}: AuthRequired is off", "on", _RESPONDER, "<AuthRequired>on</AuthRequired>"
    ),
    "pox-encryption": Fault(
        "error",
        "{type}: Encryption is {found}",
        "None, SSL, TLS or Auto",
        _RESPONDER,
        "<Encryption>SSL</Encryption>",
    ),
    "pox-ssl-off": Fault(
        "error",
        "{type}: SSL is off beside Encryption {found}",
        "on: Thunderbird reads off as plain text",
        _RESPONDER,
        "<SSL>on</SSL>",
    ),
    # Mozilla's XML:
    "config-root": Fault(
        "error",
        "the root is {found}",
        "clientConfig, without a namespace",
        _RESPONDER,
        '<clientConfig version="1.1">',
    ),
    "config-version": Fault(
        "warning", "version is {found}", "1.1 or 1.2", _RESPONDER, '<clientConfig version="1.1">'
    ),
    "config-domain": Fault(
        "note",
        "no <domain> is {domain}",
        "a <domain> that is the domain",
        _RESPONDER,
        "<domain>{domain}</domain>",
    ),
    "config-no-server": Fault("error", "no {element}", "at least one", _RESPONDER),
    "config-element": Fault(
        "error", "{type}: {element} is {found}", "{should}", _RESPONDER, "{example}"
    ),
    "config-name": Fault(
        "warning",
        "{element} has {length} characters",
        "at most {most}: clients cut longer names",
        "shorten it",
    ),
    # The settings, in whichever answer:
    "settings-starttls": Fault(
        "error", "{server}: STARTTLS on port {port}", "TLS from the first byte (RFC 8314)", _PUBLISH
    ),
    "settings-tls": Fault(
        "error",
        "{server}: TLS from the first byte on port {port}",
        "STARTTLS, or port {should}",
        _PUBLISH,
    ),
    "settings-plain": Fault("warning", "{server}: no encryption", "TLS (RFC 8314)", _PUBLISH),
    "settings-disagree": Fault(
        "error",
        "the answer says {found}{clients}",
        "{other}, as {source} says",
        "correct the settings there, or point the name to the server that has the new ones",
    ),
    "settings-many": Fault(
        "warning",
        "{count} servers; the doctor visits {most}",
        "the servers that clients need",
        "name fewer",
    ),
    # Mail servers:
    "mail-silent": Fault(
        "error", "no answer within {seconds} s", "a mail server", "check the firewall and the port"
    ),
    "mail-protocol": Fault(
        "error", "no {type}: the server says {found}", "{type}", "publish the right port"
    ),
    "mail-refuses": Fault(
        "error",
        "the server refuses: {found}",
        "a server that accepts clients",
        "see the mail server's log",
    ),
    "mail-is-starttls": Fault(
        "error",
        "TLS is published, but the port begins in plain text",
        "TLS from the first byte",
        "publish STARTTLS, or the port for TLS",
    ),
    "mail-is-tls": Fault(
        "error",
        "STARTTLS is published, but the port expects TLS from the first byte",
        "STARTTLS",
        "publish TLS, or the port for STARTTLS",
    ),
    "mail-no-starttls": Fault(
        "error",
        "STARTTLS is published, but the server does not offer it",
        "STARTTLS",
        "enable TLS in the server",
    ),
    "mail-authentication": Fault(
        "error",
        "{published} is published, but the server offers {offered}",
        "what is published",
        "publish what the server offers, or enable it there",
    ),
    "mail-plain-password": Fault(
        "warning",
        "the server accepts passwords before STARTTLS",
        "passwords after STARTTLS only (RFC 8314)",
        "forbid it in the server (Dovecot: auth_allow_cleartext = no)",
    ),
    "mail-login": Fault(
        "error",
        "the log-in as {user} is refused: {text}",
        "a log-in with the published user name",
        "check the password; if it is right, publish the user name that the server expects",
    ),
    "dav-status": Fault(
        "error",
        "status {status}",
        "status 207, or 401 with a way to log in",
        "publish the right URL",
    ),
    "dav-authentication": Fault(
        "error",
        "{published} is published, but the server offers {offered}",
        "what is published",
        "publish what the server offers, or enable it there",
    ),
    "doctor-broken": Fault(
        "error",
        "the doctor itself failed: {error}",
        "a complete report",
        "report it with what standard error shows; all other domains were examined",
    ),
}
"""By code."""


def finding(code: str, subject: str, /, **values: object) -> Finding:
    """Make a finding; `values` are those that the fault's texts name."""
    fault = FAULTS[code]
    what, should, remedy = (
        text.format(**values) for text in (fault.what, fault.should, fault.remedy)
    )
    paste = fault.paste.format(**values)
    return Finding(code, fault.severity, subject, what, should, remedy, paste)
