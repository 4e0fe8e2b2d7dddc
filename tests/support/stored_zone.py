"""A zone as an Active Directory stores it, and what it means."""

from __future__ import annotations

ZONE = "one.test"
# As Samba 4.22 stored them.
RECORDS = {
    "PQAGAAXwAAABAAAAAAAOEAAAAAAAAAAAAAAAAQAAA4QAAAJYAAFRgAAADhANAgZjb3JwMTMEdGVzdAAYAwpob3N0bWFzd"
    "GVyBmNvcnAxMwR0ZXN0AA==": (
        "SOA",
        "corp13.test. hostmaster.corp13.test. 1 900 600 86400 3600",
        3600,
    ),
    "DwACAAXwAAABAAAAAAAOEAAAAAAAAAAADQIGY29ycDEzBHRlc3QA": ("NS", "corp13.test.", 3600),
    "EAAcAAXwAABuAAAAAAAOEAAAAABF9zgAIAENuAAAAAAAAAAAAAAAAQ==": ("AAAA", "2001:db8::1", 3600),
    "DgAFAAXwAABuAAAAAAABLAAAAABF9zgADAMBeANvbmUEdGVzdAA=": ("CNAME", "x.one.test.", 300),
    "KQAQAAXwAABuAAAAAAAOEAAAAABF9zgAIW1haWwtYXV0b2NvbmZpZyBvd25lcj1hIGIvYy9kICJxXAZzZWNvbmQ=": (
        "TXT",
        r'"mail-autoconfig owner=a b/c/d \"q\\" "second"',
        3600,
    ),
}
TOMBSTONE = "CAAAAAUAAABuAAAAAAAAAAAAAAAAAAAANPjwIY573QE="
SOA = next(iter(RECORDS))
A = "BAABAAXwAABuAAAAAAABLAAAAABF9zgAwAACBQ=="
LDIF = f"""\
dn: DC=one.test,CN=MicrosoftDNS,DC=DomainDnsZones,DC=ad,DC=test
objectClass: dnsZone

dn: DC=@,DC=one.test,CN=MicrosoftDNS,DC=DomainDnsZones,DC=ad,DC=test
dc: @
dnsRecord:: {SOA}

dn: DC=WWW.Sub,DC=one.test,CN=MicrosoftDNS,DC=DomainDnsZones,DC=ad,DC=test
dc: WWW.Sub
dnsRecord:: {A}
dnsRecord:: BAABAAXwAABuAAAAAAACvAAAAABF9zgAwAACCQ==

dn: DC=gone,DC=one.test,CN=MicrosoftDNS,DC=DomainDnsZones,DC=ad,DC=test
dc: gone
dnsRecord:: {TOMBSTONE}

dn: DC=x,DC=one.test,CN=MicrosoftDNS,DC=DomainDnsZones,DC=ad,DC=test
dc:: w7w=
dnsRecord:: {A}

"""
