# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The domain of a Samba controller: its directory, and where its policies' files are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

try:
    import ldb
    from samba.auth import admin_session
    from samba.dcerpc import security
    from samba.ndr import ndr_unpack
    from samba.param import LoadParm
    from samba.samba3 import param as s3param
    from samba.samdb import SamDB
except ImportError:
    pass  # the module says so

from .errors import RefusedError
from .rights import EVERYONE, split_sddl

_LINKED_TO = {"organizationalUnit", "domainDNS", "site"}


class Domain:
    """The domain of this controller.

    :raises RefusedError: this host is no domain controller.
    """

    def __init__(self) -> None:
        self.lp = LoadParm()
        self.lp.load_default()
        if self.lp.get("server role") != "active directory domain controller":
            raise RefusedError("this host is no domain controller; take it out of the group")
        self.db = SamDB(lp=self.lp)
        self.sid = security.dom_sid(self.db.get_domain_sid())
        # As an administrator, so that objects have the owner that they have otherwise.
        self.db = SamDB(session_info=admin_session(self.lp, str(self.sid)), lp=self.lp)
        self.dn = str(self.db.domain_dn())
        self.name = str(self.lp.get("realm")).lower()
        # What reads and sets access rights by way of the share.
        context = s3param.get_context()
        context.load(self.lp.configfile)
        self.accounts = f"samba_dsdb:{self.db.url}"
        context.set("passdb backend", self.accounts)
        self.policies = Path(self.lp.get("path", "sysvol")) / self.name / "Policies"

    def search(self, base: str, scope: int, expression: str, *attributes: str) -> list[Any]:
        """Return what is found."""
        return list(
            self.db.search(base=base, scope=scope, expression=expression, attrs=list(attributes))
        )

    def read(self, dn: str, attribute: str) -> Any:
        """Return the object at ``dn`` with an attribute."""
        return self.search(dn, ldb.SCOPE_BASE, "(objectClass=*)", attribute)[0]

    def add(self, dn: str, **attributes: str) -> None:
        """Add an object to the directory."""
        message = ldb.Message()
        message.dn = ldb.Dn(self.db, dn)
        for name, text in attributes.items():
            message[name] = ldb.MessageElement(text, ldb.FLAG_MOD_ADD, name)
        self.db.add(message)

    def modify(self, dn: str, attribute: str, text: Any, controls: Sequence[str] = ()) -> None:
        """Replace an attribute; an empty text removes it."""
        message = ldb.Message()
        message.dn = ldb.Dn(self.db, dn)
        values = [text] if text else []
        message[attribute] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, attribute)
        self.db.modify(message, controls=list(controls))

    def container(self, dn: str) -> str:
        """Return the distinguished name of a container for links, as the directory writes it.

        :raises RefusedError: there is none, or it takes no links.
        """
        try:
            found = self.read(dn, "objectClass")
        except (ldb.LdbError, ValueError):
            raise RefusedError(f'links: no "{dn}" in {self.name}') from None
        if not {str(each) for each in found["objectClass"]} & _LINKED_TO:
            raise RefusedError(f'links: "{dn}" is no organizational unit')
        return str(found.dn)

    def group(self, name: str) -> str:
        """Return the group as access rights name it.

        :raises RefusedError: there is none.
        """
        expression = f"(&(objectClass=group)(sAMAccountName={ldb.binary_encode(name)}))"
        found = self.search(self.dn, ldb.SCOPE_SUBTREE, expression, "objectSid")
        if not found:
            raise RefusedError(f'security_filter: no group "{name}" in {self.name}')
        sid = ndr_unpack(security.dom_sid, found[0]["objectSid"][0])
        entry = security.descriptor.from_sddl(f"D:(A;;RP;;;{sid})", self.sid)
        return split_sddl(entry.as_sddl())[1][0].trustee

    def called(self, trustee: str) -> str:
        """Return the name of a trustee."""
        if trustee == EVERYONE:
            return "Authenticated Users"
        entry = security.descriptor.from_sddl(f"D:(A;;RP;;;{trustee})", self.sid)
        expression = f"(objectSid={entry.dacl.aces[0].trustee})"
        found = self.search(self.dn, ldb.SCOPE_SUBTREE, expression, "sAMAccountName")
        return str(found[0].get("sAMAccountName", trustee)) if found else trustee

    def linked(self, guid: str) -> dict[str, str]:
        """Return the containers to which an object is linked, and all their links."""
        expression = f"(gPLink=*{guid}*)"
        return {
            str(each.dn): str(each["gPLink"])
            for base in (self.dn, str(self.db.get_config_basedn()))
            for each in self.search(base, ldb.SCOPE_SUBTREE, expression, "gPLink")
        }
