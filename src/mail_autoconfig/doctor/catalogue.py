"""What the checks can find: one text and one remedy for each fault.

docs/doctor.md has the same table for people.
"""

from __future__ import annotations

from dataclasses import dataclass

from .data import Finding, Severity


@dataclass(frozen=True, slots=True)
class Fault:
    """The three texts of a finding, with the names of values in braces."""

    severity: Severity
    what: str
    should: str
    remedy: str


_NAME_SERVERS = "correct the zone's NS records, or that server"
_RENEW = "renew it; ask its ACME client why it did not"
_WEB_SERVER = "let the mail clients' names lead to the server that answers them"
_RESPONDER = "correct the program that answers"
_PUBLISH = "correct the settings that are published"

FAULTS = {
    # Names and name servers
    "dns-nothing": Fault(
        "error",
        "no name leads mail clients to settings",
        "autoconfig., autodiscover. or _autodiscover._tcp",
        "add the records that `mail-autoconfig dns` shows",
    ),
    "dns-no-mx": Fault(
        "warning",
        "no MX record",
        "the domain's mail server",
        "add the MX record of who receives the domain's mail",
    ),
    "dns-missing": Fault("error", "no such record", "{values}", "add it: `mail-autoconfig dns`"),
    "dns-wrong": Fault("error", "the record says {found}", "{values}", "change it as shown"),
    "dns-alias": Fault(
        "error",
        "CNAME {target} at the domain itself",
        "A and AAAA: the name has SOA, NS and MX (RFC 1034, section 3.6.2)",
        "put the addresses in its place, or the provider's ALIAS",
    ),
    "dns-alias-beside": Fault(
        "error",
        "a CNAME stands beside {types}",
        "a CNAME alone (RFC 1034, section 3.6.2)",
        "remove the one or the other",
    ),
    "dns-alias-nowhere": Fault(
        "error",
        "a CNAME to {target}, which has no address",
        "a host that answers",
        "correct the CNAME, or remove the name",
    ),
    "dns-no-answer": Fault(
        "error",
        "the resolver gets no answer",
        "an answer, be it that there is no such name",
        "ask the zone's name servers; is it signed (DNSSEC) with an old key?",
    ),
    "srv-port": Fault(
        "error",
        "the SRV record names port {port}",
        "443: clients ignore or refuse others",
        "publish port 443, and answer there",
    ),
    "srv-target-alias": Fault(
        "warning",
        "the SRV record's target {target} is a CNAME",
        "a name with an address (RFC 2782)",
        "name the host that the CNAME leads to",
    ),
    "srv-target-unknown": Fault(
        "error",
        "the SRV record's target {target} has no address",
        "a host that answers",
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
        "warning",
        "the name servers have different serials: {serials}",
        "the same everywhere",
        "let the secondaries get the primary's changes",
    ),
    "ns-differ": Fault(
        "error",
        "the name server {server} says {found}, others {others}",
        "the same everywhere",
        "let the secondaries get the primary's changes",
    ),
    "address-dead": Fault(
        "error",
        "the address {address} does not answer",
        "an answer at each address of the name",
        "remove the A or AAAA record, or let the server listen there",
    ),
    "address-private": Fault(
        "error",
        "{text}",
        "a public address",
        "publish the server's public address; --allow-private asks inside a network",
    ),
    "address-untried": Fault(
        "warning",
        "has IPv6 addresses alone, and this machine has no IPv6",
        "an IPv4 address too, as long as networks without IPv6 exist",
        "add an A record, or ask from another machine",
    ),
    "name-unknown": Fault(
        "error",
        "no such name, or none with an address",
        "a host with an address",
        "add its A or AAAA record, or publish the right name",
    ),
    "port-closed": Fault(
        "error",
        "the connection is refused",
        "a server at this port",
        "start the server, open the port, or publish the right one",
    ),
    "port-silent": Fault(
        "error",
        "no connection in {seconds} s",
        "a server at this port",
        "see the firewall, and whether name and port are the right ones",
    ),
    # Certificates and TLS, of web and mail servers
    "tls-expired": Fault("error", "the certificate expired on {date}", "a valid one", _RENEW),
    "tls-expires-soon": Fault(
        "warning", "the certificate expires on {date}", "over {days} days left", _RENEW
    ),
    "tls-not-yet": Fault(
        "error",
        "the certificate is not valid before {date}",
        "valid now",
        "set the clock of the machine that made it",
    ),
    "tls-self-signed": Fault(
        "error",
        "the certificate is self-signed",
        "one of an authority that clients trust",
        "order one, of Let's Encrypt for example",
    ),
    "tls-untrusted": Fault(
        "error",
        "the certificate is of an authority that nobody trusts",
        "one of an authority that clients trust",
        "order one, of Let's Encrypt for example; --ca names one's own authority",
    ),
    "tls-incomplete": Fault(
        "error",
        "the certificate's chain is incomplete",
        "the certificate and all between it and a trusted root",
        "let the server send the whole chain (fullchain.pem)",
    ),
    "tls-invalid": Fault("error", "the certificate is refused: {text}", "a valid one", _RENEW),
    "tls-wrong-name": Fault(
        "error",
        "the certificate is for {names}",
        "one that names {host}",
        "order one that names it, or publish a name that it has",
    ),
    "tls-name-refused": Fault(
        "error",
        "the server refuses the name in the TLS greeting (SNI)",
        "a certificate that names {host}",
        "add the name to the web server's configuration and its certificate",
    ),
    "tls-too-old": Fault(
        "error",
        "the server has no TLS version of today",
        "TLS 1.2 or 1.3 (RFC 8996)",
        "allow TLS 1.2 and 1.3 in the server's configuration",
    ),
    "tls-old-offered": Fault(
        "warning",
        "the server still takes TLS 1.0 or 1.1",
        "TLS 1.2 and 1.3 alone (RFC 8996)",
        "forbid the old versions in the server's configuration",
    ),
    "tls-none": Fault(
        "error",
        "the port answers, but not in TLS",
        "TLS from the first byte",
        "let the web server listen there with TLS (nginx: `listen 443 ssl`)",
    ),
    "tls-failed": Fault(
        "error", "TLS fails: {text}", "a TLS connection", "see the log of the server"
    ),
    # Web servers
    "web-silent": Fault(
        "error",
        "no answer in {seconds} s",
        "an answer in a second",
        "see the server's load, and the firewall",
    ),
    "web-broken": Fault("error", "no HTTP answer: {text}", "HTTP", _WEB_SERVER),
    "autoconfig-http-only": Fault(
        "warning",
        "the settings are at http alone",
        "at https too: Delta Chat and others ask no other way",
        "let https answer, with a certificate for this name",
    ),
    "autodiscover-http-only": Fault(
        "error",
        "the settings are at http alone",
        "at https: Outlook takes none from http",
        "let https answer, with a certificate for this name",
    ),
    "autodiscover-by-http": Fault(
        "warning",
        "https does not answer for this name, http leads to {location}",
        "https here: Outlook asks the user whether to trust the other host",
        "let https answer with a certificate for this name; Microsoft's hosts need no question",
    ),
    "web-no-redirect": Fault(
        "warning",
        "http answers itself, without a redirect to https",
        "302 to https://{host}",
        "redirect this path; Outlook asks there when https fails",
    ),
    "web-redirect-loop": Fault(
        "error",
        "the redirects go in a circle by {location}",
        "an answer after three redirects at most",
        "remove the redirect",
    ),
    "web-redirect-plain": Fault(
        "error",
        "https redirects to http: {location}",
        "https throughout",
        "redirect to https",
    ),
    "web-redirect-elsewhere": Fault(
        "warning",
        "redirects to another host, {location}",
        "an answer here: Outlook asks the user whether to trust the other host",
        "answer here, or set RedirectServers on the PCs",
    ),
    "web-status": Fault("error", "status {status}", "200", _WEB_SERVER),
    "web-asks-password": Fault(
        "warning",
        "status 401: a password is asked first",
        "settings without a password, but at Exchange: clients of IMAP send none",
        "let these paths be open; the settings hold no secret",
    ),
    "web-rate-limit": Fault(
        "warning",
        "the rate limit was met (status 429)",
        "room for an office of PCs behind one address",
        "raise the limit",
    ),
    "web-case": Fault(
        "error",
        "the path is not found in this case (status {status})",
        "any case: Microsoft's clients write several",
        "match the path without regard to case",
    ),
    "answer-page": Fault("error", "a web page (text/html)", "settings in XML", _WEB_SERVER),
    "answer-content-type": Fault(
        "error",
        "content type {type}",
        "text/xml or application/xml: Thunderbird and others refuse the rest",
        "set the content type",
    ),
    "answer-too-big": Fault("error", "over {octets} octets", "a few thousand", _WEB_SERVER),
    "answer-not-xml": Fault("error", "no well-formed XML: {text}", "well-formed XML", _RESPONDER),
    "answer-dtd": Fault(
        "error",
        "a document type declaration",
        "none: parsers that are careful refuse it",
        _RESPONDER,
    ),
    # Outlook's XML
    "pox-root": Fault("error", "the root is {found}", "{should}", _RESPONDER),
    "pox-namespace": Fault("error", "Response is in {found}", "{should}", _RESPONDER),
    "pox-error": Fault(
        "error",
        "error {number}: {message}",
        "settings",
        "add the domain to the program that answers",
    ),
    "pox-account": Fault(
        "error",
        "{element} is {found}",
        "{should}",
        _RESPONDER,
    ),
    "pox-no-server": Fault("error", "no server that Outlook knows", "IMAP, SMTP", _RESPONDER),
    "pox-type": Fault(
        "error", "Type is {found}", "POP3, IMAP or SMTP: others are ignored", _RESPONDER
    ),
    "pox-port": Fault("error", "{type}: Port is {found}", "1 to 65535", _RESPONDER),
    "pox-login": Fault(
        "error",
        "{type}: no LoginName",
        "LoginName: its default is the local part alone",
        _RESPONDER,
    ),
    "pox-spa": Fault(
        "error",
        "{type}: SPA is {found}",
        "off: the default is on, and no server but Exchange has it",
        _RESPONDER,
    ),
    "pox-domain-required": Fault(
        "error", "{type}: DomainRequired is on", "off: it asks for a Windows domain", _RESPONDER
    ),
    "pox-auth-required": Fault("error", "{type}: AuthRequired is off", "on", _RESPONDER),
    "pox-encryption": Fault(
        "error", "{type}: Encryption is {found}", "None, SSL, TLS or Auto", _RESPONDER
    ),
    "pox-ssl-off": Fault(
        "error",
        "{type}: SSL is off beside Encryption {found}",
        "on: Thunderbird reads off as plain text",
        _RESPONDER,
    ),
    # Mozilla's XML
    "config-root": Fault(
        "error", "the root is {found}", "clientConfig, without a namespace", _RESPONDER
    ),
    "config-version": Fault("warning", "version is {found}", "1.1 or 1.2", _RESPONDER),
    "config-domain": Fault("warning", "no <domain> is {domain}", "the domain", _RESPONDER),
    "config-no-server": Fault("error", "no {element}", "one at least", _RESPONDER),
    "config-element": Fault("error", "{type}: {element} is {found}", "{should}", _RESPONDER),
    "config-name": Fault(
        "warning",
        "{element} has {length} characters",
        "at most {most}: clients cut it",
        "shorten it",
    ),
    # The settings, in whichever answer
    "settings-starttls": Fault(
        "error",
        "{server}: STARTTLS at port {port}",
        "TLS from the first byte there (RFC 8314)",
        _PUBLISH,
    ),
    "settings-tls": Fault(
        "error",
        "{server}: TLS from the first byte at port {port}",
        "STARTTLS there, or port {should}",
        _PUBLISH,
    ),
    "settings-plain": Fault("warning", "{server}: no encryption", "TLS (RFC 8314)", _PUBLISH),
    "settings-disagree": Fault(
        "error", "says {found}", "{other}, as {source} says", "let both say the same"
    ),
    # Mail servers
    "mail-silent": Fault(
        "error",
        "no answer in {seconds} s",
        "a mail server",
        "see the firewall, and whether the port is the right one",
    ),
    "mail-protocol": Fault(
        "error",
        "no {type}: it says {found}",
        "{type}",
        "publish the right port",
    ),
    "mail-refuses": Fault(
        "error", "the server refuses: {found}", "service", "see the log of the mail server"
    ),
    "mail-is-starttls": Fault(
        "error",
        "TLS is published, the port begins in plain text",
        "TLS from the first byte",
        "publish STARTTLS, or the port for TLS",
    ),
    "mail-is-tls": Fault(
        "error",
        "STARTTLS is published, the port speaks TLS from the first byte",
        "STARTTLS",
        "publish TLS, or the port for STARTTLS",
    ),
    "mail-no-starttls": Fault(
        "error",
        "STARTTLS is published, the server does not offer it",
        "STARTTLS",
        "switch TLS on in the server",
    ),
    "mail-authentication": Fault(
        "error",
        "{published} is published, the server offers {offered}",
        "what is published",
        "publish what the server offers, or allow it there",
    ),
    "mail-plain-password": Fault(
        "warning",
        "the server takes passwords before STARTTLS",
        "after STARTTLS alone (RFC 8314)",
        "forbid it in the server (Dovecot: auth_allow_cleartext = no)",
    ),
    "mail-login": Fault(
        "error",
        "the log-in as {user} is refused: {text}",
        "a log-in with the published user name",
        "is it the right password? Else publish the user name that the server wants",
    ),
    "dav-status": Fault(
        "error",
        "status {status}",
        "207, or 401 with a way to log in",
        "publish the right URL",
    ),
    "dav-authentication": Fault(
        "error",
        "{published} is published, the server offers {offered}",
        "what is published",
        "publish what the server offers, or allow it there",
    ),
    "doctor-broken": Fault(
        "error",
        "an error of the doctor itself: {error}",
        "a report",
        "report it, with what standard error says; all other domains were examined",
    ),
}
"""By code."""


def finding(code: str, subject: str, /, **values: object) -> Finding:
    """Make a finding; `values` are those that the fault's texts name."""
    fault = FAULTS[code]
    what, should, remedy = (
        text.format(**values) for text in (fault.what, fault.should, fault.remedy)
    )
    return Finding(code, fault.severity, subject, what, should, remedy)
