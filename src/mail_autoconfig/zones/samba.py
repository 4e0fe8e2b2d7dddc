"""Zones of an Active Directory: read by LDAP, changed by updates signed with GSS-TSIG.

A domain controller gives no transfer to a Kerberos account, so a zone is read where it is stored.
What needs Kerberos is done by the programs that Debian has for it (`PROGRAMS`). Tested with Samba's
own name server.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from .changes import Change, Content, Key, Zone, canonical
from .records import RecordSet
from .rfc2136 import ZoneError, transactions
from .samba_records import parse_ldif

PROGRAMS = {  # program: Debian's package; ldapsearch needs libsasl2-modules-gssapi-mit beside it
    "kinit": "krb5-user",
    "ldapsearch": "ldap-utils libsasl2-modules-gssapi-mit",
    "nsupdate": "bind9-dnsutils",
}

_TIMEOUT = 15  # seconds for one step of a program
_NO_SUCH_OBJECT = 32  # RFC 4511, section 4.1.9
# MS-DNSP 2.3.1.1: a zone is in one of the application partitions, or where Windows 2000 had it.
_CONTAINERS = (
    "CN=MicrosoftDNS,DC=DomainDnsZones",
    "CN=MicrosoftDNS,DC=ForestDnsZones",
    "CN=MicrosoftDNS,CN=System",
)
_REFUSALS = {
    "REFUSED": "refuses; let {account} change these records, by membership in DnsAdmins",
    "NOTAUTH": "does not serve the zone",
    "NOTIMP": "does not take records of these types",
}
_CHANGED = re.compile(r"update failed: (YXDOMAIN|YXRRSET|NXRRSET|NXDOMAIN)")
_UNPROVEN = "; TSIG error with server: tsig verify failure"
_REFUSED = re.compile(r"update failed: (\w+)")


@dataclass(frozen=True, slots=True)
class DirectoryServer:
    """A domain controller, by its host name, and the account that changes zones there."""

    address: str
    account: str
    password: str = field(repr=False)

    @property
    def realm(self) -> str:
        """The Kerberos realm, which is the directory's domain in upper case."""
        return self.account.partition("@")[2]

    def read(self, zone: str) -> dict[Key, Content]:
        """All records that the directory has of the zone. Raises ZoneError."""
        with self._ticket() as environment:
            return self._content(zone, environment)

    def change(self, zone: str, changes: Sequence[Change]) -> None:
        """Apply the changes if what they replace is still there, else none of them.

        One transaction for each message of up to 64 KiB, as `UpdateServer` does. Raises ZoneError.
        """
        with self._ticket() as environment:
            for part in transactions(zone, changes):
                proven = self._update(script(self.address, zone, part), environment)
                if not proven and not is_done(self._content(zone, environment), part):
                    raise ZoneError(f"{self.address} says that the change is done, but it is not")

    @contextmanager
    def _ticket(self) -> Iterator[dict[str, str]]:
        """The environment of programs that act as the account; its ticket goes with it."""
        for program, package in PROGRAMS.items():
            if not shutil.which(program):
                raise ZoneError(f"no program {program} here; install Debian's {package}")
        with TemporaryDirectory(prefix="mail-autoconfig-") as directory:
            path = Path(directory)
            (path / "krb5.conf").write_text(_KRB5_CONF.format(self=self), "utf-8")
            environment = os.environ | {
                "KRB5_CONFIG": str(path / "krb5.conf"),
                "KRB5CCNAME": f"FILE:{path / 'ticket'}",
                "LC_ALL": "C.UTF-8",
                "LDAPNOINIT": "1",
            }
            done = _run(["kinit", self.account], self.password + "\n", environment)
            if done.returncode:
                reason = _last(done.stderr).removeprefix("kinit: ")
                reason = reason.removesuffix(" while getting initial credentials")
                raise ZoneError(f"{self.address}, {self.account}: {reason}")
            yield environment

    def _content(self, zone: str, environment: Mapping[str, str]) -> dict[Key, Content]:
        for container in _CONTAINERS:
            base = f"DC={zone},{container},{_distinguished(self.realm)}"
            found = self._search(base, environment)
            if found is not None:
                content = parse_ldif(found, zone)
                if (zone, "SOA") not in content:
                    raise ZoneError(f"{self.address}: {self.account} may not read the zone")
                return content
        raise ZoneError(f"{self.address} has no such zone; make it there first")

    def _search(self, base: str, environment: Mapping[str, str]) -> str | None:
        """The zone's nodes as LDIF (RFC 2849); None if there is no such zone."""
        limit = f"nettimeout={_TIMEOUT}"
        command = ["ldapsearch", "-LLL", "-Q", "-N", "-Y", "GSSAPI", "-o", limit]
        command += ["-o", "ldif-wrap=no", "-E", "pr=500/noprompt", "-H", f"ldap://{self.address}"]
        done = _run(
            [*command, "-b", base, "(objectClass=dnsNode)", "dc", "dnsRecord"], "", environment
        )
        if done.returncode == _NO_SUCH_OBJECT:
            return None
        if done.returncode:
            raise ZoneError(f"{self.address}, LDAP: {_last(done.stderr)}")
        return done.stdout

    def _update(self, commands: str, environment: Mapping[str, str]) -> bool:
        """Send an update; return whether the answer, that it is done, has a right signature.

        Samba 4.17 signs its answers wrongly. LDAP, which is sealed, shows what was done then.
        """
        done = _run(["nsupdate", "-g", "-v", "-t", str(_TIMEOUT)], commands, environment)
        if done.returncode == 0 or _last(done.stderr) == _UNPROVEN:
            return done.returncode == 0
        if _CHANGED.search(done.stderr):
            raise ZoneError("changed since it was read; nothing was changed; run again")
        if refused := _REFUSED.search(done.stderr):
            advice = _REFUSALS.get(refused[1], f"answers {refused[1]}")
            raise ZoneError(f"{self.address} {advice.format(account=self.account)} (update)")
        raise ZoneError(f"{self.address}, update: {_last(done.stderr)}")


_KRB5_CONF = """\
[libdefaults]
default_realm = {self.realm}
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
[realms]
{self.realm} = {{
kdc = {self.address}
}}
[domain_realm]
{self.address} = {self.realm}
"""


def _run(
    command: Sequence[str], said: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603
            command,
            input=said,
            env=environment,
            capture_output=True,
            text=True,
            timeout=4 * _TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ZoneError(f"{command[0]} does not end") from None


def _last(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _distinguished(realm: str) -> str:
    return ",".join(f"DC={label}" for label in realm.lower().split("."))


def takes(record: RecordSet) -> bool:
    """Whether Samba's name server takes a record: no CAA (NOTIMP), no target `.` (SERVFAIL)."""
    return record.type != "CAA" and not any(value.endswith(" .") for value in record.values)


def script(address: str, zone: str, changes: Sequence[Change]) -> str:
    """Commands of nsupdate(1): what must be as before, then deletions, then additions.

    Values are deleted one by one: Samba takes a prerequisite as met when there are more values than
    it names (RFC 2136, section 2.4.2, wants none), and one that came in between must stay.
    """
    lines = [f"server {address}", f"zone {zone}."]
    emptied = {change.name for change in changes if change.before}
    for change in changes:
        name = f"{change.name}."
        if before := change.before:
            lines += (f"prereq yxrrset {name} {change.type} {each}" for each in before.values)
        elif change.type == "CNAME" and change.name not in emptied:
            lines.append(f"prereq nxdomain {name}")
        else:
            lines.append(f"prereq nxrrset {name} {change.type}")
    for change in changes:
        if before := change.before:
            lines += (
                f"update delete {change.name}. {change.type} {each}" for each in before.values
            )
    for change in changes:
        if after := change.after:
            head = f"update add {change.name}. {after.ttl} {change.type}"
            lines += (f"{head} {value}" for value in after.values)
    return "\n".join([*lines, "send", ""])


def is_done(content: Zone, changes: Iterable[Change]) -> bool:
    """Whether a zone has what the changes add, and nothing of what they remove."""
    for change in changes:
        current, before, after = (
            canonical(change.type, each.values if each else ())
            for each in (content.get((change.name, change.type)), change.before, change.after)
        )
        if not after <= current or current & before - after:
            return False
    return True
