# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Group Policy object on a Samba controller: in the directory, and its files in SYSVOL."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

try:
    import ldb
    from samba import NTSTATUSError
    from samba.dcerpc import security
    from samba.ndr import ndr_pack, ndr_unpack
    from samba.ntacls import dsacl2fsacl
    from samba.provision import ProvisioningError, check_dir_acl, set_dir_acl
    from samba.samba3 import passdb
except ImportError:
    pass  # the module says so

from .attributes import (
    gplink_of,
    links_of,
    raised,
    signed,
    version_of,
    with_extension,
    with_version,
)
from .domain import Domain
from .rights import appliers, with_appliers
from .state import State
from .values import PolicyValue, pack, parse

MARK = "Made by mailhost.autoconfig"
"""What the description of an object that is ours begins with."""


class Policy:
    """A Group Policy object of the domain, by its name, with its files.

    ``guid`` is its name in the directory, empty if there is none; ``foreign`` says that the name is
    that of an object of somebody else.
    """

    def __init__(self, domain: Domain, name: str) -> None:
        self.domain = domain
        self.name = name
        expression = f"(&(objectClass=groupPolicyContainer)(displayName={ldb.binary_encode(name)}))"
        base = f"CN=Policies,CN=System,{domain.dn}"
        found = domain.search(base, ldb.SCOPE_ONELEVEL, expression, "cn", "description")
        ours = [each for each in found if str(each.get("description", "")).startswith(MARK)]
        self.foreign = bool(found) and not ours
        self.guid = str(ours[0]["cn"]) if ours else ""

    @property
    def dn(self) -> str:
        """Distinguished name of the object."""
        return f"CN={self.guid},CN=Policies,CN=System,{self.domain.dn}"

    @property
    def directory(self) -> Path:
        """Directory of the object's files."""
        return self.domain.policies / self.guid

    def path(self, *names: str) -> Path:
        """Path of a file of the object; clients know no case."""
        path = self.directory
        for name in names:
            present = path.iterdir() if path.is_dir() else ()
            alike = [each for each in present if each.name.lower() == name.lower()]
            path = alike[0] if alike else path / name
        return path

    def read(self, *names: str) -> bytes:
        """Return the content of a file; empty if there is none."""
        path = self.path(*names)
        return path.read_bytes() if path.exists() else b""

    def gpt_ini(self) -> str:
        """Return the file that says the version of the files."""
        return self.read("GPT.INI").decode("latin-1")

    def attribute(self, name: str) -> str:
        """Return an attribute of the object."""
        return str(self.domain.read(self.dn, name).get(name, ""))

    def sddl(self) -> str:
        """Return owner and access rights of the object."""
        attribute = "nTSecurityDescriptor"
        found = self.domain.read(self.dn, attribute)[attribute][0]
        return str(ndr_unpack(security.descriptor, found).as_sddl())

    def version(self) -> int:
        """Return the version of the object; that of the files is the same if all went well."""
        return int(self.attribute("versionNumber") or 0) & 0xFFFFFFFF

    def announced(self) -> bool:
        """Say whether clients are told to read the files, of the version that these have."""
        extensions = self.attribute("gPCUserExtensionNames")
        return extensions == with_extension(extensions) and self.version() == version_of(
            self.gpt_ini()
        )

    def state(self) -> State:
        """Return what there is."""
        if not self.guid:
            return State()
        try:
            content = self.read("User", "Registry.pol")
            values = [each.shown() for each in parse(content)] if content else []
        except ValueError as error:
            values = [f"Registry.pol that Samba does not read: {error}"]
        return State(
            name=self.name,
            values=values,
            groups=[self.domain.called(each) for each in appliers(self.sddl())],
            links=list(self.domain.linked(self.guid)),
            announced=self.announced(),
            rights=self.has_rights(),
        )

    def expected_rights(self) -> str:
        """Return the access rights that the files must have."""
        return str(dsacl2fsacl(self.sddl(), self.domain.sid))

    def has_rights(self) -> bool:
        """Say whether each file has the object's access rights, for Windows and for Samba."""
        domain, rights = self.domain, self.expected_rights()
        try:
            for direct in True, False:
                check_dir_acl(str(self.directory), rights, domain.lp, domain.sid, direct)
        except (NTSTATUSError, OSError, ProvisioningError, TypeError):
            return False
        return True

    def create(self) -> None:
        """Make the object, without settings; it is found again by its name and its mark."""
        self.guid = f"{{{str(uuid.uuid4()).upper()}}}"
        unc = f"\\\\{self.domain.name}\\sysvol\\{self.domain.name}\\Policies\\{self.guid}"
        self.domain.add(
            self.dn,
            objectClass="groupPolicyContainer",
            displayName=self.name,
            description=MARK,
            gPCFileSysPath=unc,
            gPCFunctionalityVersion="2",
            flags="0",
            versionNumber="0",
        )
        for side in "User", "Machine":
            self.domain.add(f"CN={side},{self.dn}", objectClass="container")

    def apply_to(self, trustees: Sequence[str]) -> None:
        """Let the object apply to the trustees alone."""
        current = self.sddl()
        if appliers(current) == sorted(trustees):
            return
        wanted = security.descriptor.from_sddl(with_appliers(current, trustees), self.domain.sid)
        control = f"sd_flags:1:{security.SECINFO_DACL}"
        self.domain.modify(self.dn, "nTSecurityDescriptor", ndr_pack(wanted), [control])

    def set(self, values: Sequence[PolicyValue]) -> None:
        """Write the files and announce them.

        The version is in a file and in the object: as long as the two differ, or the values do, the
        next run continues one that was cut off.
        """
        content = pack(values)
        version, written = self.version(), version_of(self.gpt_ini())
        for side in "User", "Machine":
            self.path(side).mkdir(parents=True, exist_ok=True)
        if not self.announced() or content != self.read("User", "Registry.pol"):
            version = raised(max(version, written))
            self.write(with_version(self.gpt_ini(), version).encode("latin-1"), "GPT.INI")
            self.write(content, "User", "Registry.pol")
        self.set_rights()
        extensions = self.attribute("gPCUserExtensionNames")
        if extensions != with_extension(extensions):
            self.domain.modify(self.dn, "gPCUserExtensionNames", with_extension(extensions))
        if version != self.version():
            self.domain.modify(self.dn, "versionNumber", str(signed(version)))

    def write(self, content: bytes, *names: str) -> None:
        """Replace a file whole."""
        path = self.path(*names)
        new = path.with_name(f"{path.name}.new")
        new.write_bytes(content)
        new.replace(path)

    def set_rights(self) -> None:
        """Give the files the access rights of the object."""
        if self.has_rights():
            return
        set_dir_acl(
            str(self.directory),
            self.expected_rights(),
            self.domain.lp,
            self.domain.sid,
            False,
            passdb.PDB(self.domain.accounts),
        )

    def link(self, containers: Sequence[str]) -> None:
        """Link the object to the containers alone; a new link is the last that applies."""
        linked = self.domain.linked(self.guid)
        for container, gplink in linked.items():
            if container not in containers:
                others = [
                    each for each in links_of(gplink) if self.guid.lower() not in each[0].lower()
                ]
                self.domain.modify(container, "gPLink", gplink_of(others))
        for container in containers:
            if container not in linked:
                gplink = str(self.domain.read(container, "gPLink").get("gPLink", ""))
                links = [(self.dn, "0"), *links_of(gplink)]
                self.domain.modify(container, "gPLink", gplink_of(links))

    def remove(self) -> None:
        """Remove links, object and files."""
        self.link([])
        self.domain.db.delete(self.dn, ["tree_delete:1"])
        shutil.rmtree(self.directory, ignore_errors=True)
