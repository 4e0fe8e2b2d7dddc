#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: samba_gpo
short_description: Keep a Group Policy object of a user's registry values on a Samba controller
version_added: 0.1.0
description:
  - Makes a Group Policy object that sets registry values for users, links it, and says to whom it
    applies; or removes all of that.
  - Runs on a domain controller as root, with the Samba that is there, and needs no password.
  - Marks the object as its own by its description, and touches no object of somebody else.
  - Other settings that the object has, of computers or by other extensions, stay.
options:
  name:
    description: Name of the object, as Group Policy Management shows it.
    type: str
    required: true
  state:
    description: C(absent) removes the object with its links and files.
    type: str
    choices: [present, absent]
    default: present
  values:
    description: The registry values. Those of the object that are not listed are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      key:
        description: Key below C(HKEY_CURRENT_USER).
        type: str
        required: true
      name:
        description: Name of the value.
        type: str
        required: true
      type:
        description: Type of the value.
        type: str
        choices: [REG_DWORD, REG_SZ]
        required: true
      data:
        description: A number of 32 bits, or a text.
        type: raw
        required: true
  links:
    description:
      - Distinguished names of the organizational units to which the object is linked, and of no
        others.
      - Empty, it is linked to the domain.
    type: list
    elements: str
    default: []
  security_filter:
    description: Groups to which the object applies. Empty, it applies to Authenticated Users.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Compares, and changes nothing.
    support: full
  diff_mode:
    description: Shows values, links, groups and access rights before and after.
    support: full
  platform:
    description: The Samba of Debian 12 and 13.
    support: full
    platforms: Debian
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Let Outlook ask the mail domain
  mailhost.autoconfig.samba_gpo:
    name: Outlook asks the mail domain
    values:
      - key: Software\Policies\Microsoft\Office\16.0\Outlook\setup
        name: DisableOffice365SimplifiedAccountCreation
        type: REG_DWORD
        data: 1
    links: ["OU=Staff,DC=ad,DC=example,DC=com"]
"""

RETURN = r"""
guid:
  description: Name of the object in the directory; empty if there is none.
  type: str
  returned: success
"""

import os
import re
import shutil
import uuid
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.mailhost.autoconfig.plugins.module_utils.registry_pol import (
    PolicyValue,
    pack,
    parse,
    value,
)

try:
    import ldb
    from samba import NTSTATUSError
    from samba.auth import admin_session
    from samba.dcerpc import security
    from samba.ndr import ndr_pack, ndr_unpack
    from samba.ntacls import dsacl2fsacl
    from samba.param import LoadParm
    from samba.provision import ProvisioningError, check_dir_acl, set_dir_acl
    from samba.samba3 import param as s3param
    from samba.samba3 import passdb
    from samba.samdb import SamDB

    HAS_SAMBA = True
except ImportError:
    HAS_SAMBA = False

MARK = "Made by mailhost.autoconfig"
# MS-GPREG, section 1.9: who reads Registry.pol, and what edits its user side.
EXTENSION = "[{35378EAC-683F-11D2-A89A-00C04FBBCFA2}{D02B1F73-3407-48AE-BA88-E8213C6761F1}]"
APPLY = "edacfd8f-ffb3-11d1-b41d-00a0c968f939"  # MS-ADTS, section 5.1.3.2.1: Apply-Group-Policy
READ = "RPLCLORC"
EVERYONE = "AU"  # Authenticated Users, in the language of MS-DTYP, section 2.5.1
LINKED_TO = ("organizationalUnit", "domainDNS", "site")


class RefusedError(Exception):
    """What can't be done; the text says why and what instead."""


class Entry(NamedTuple):
    """One entry of a list of access rights, as in ``(OA;CI;CR;edacfd8f-…;;AU)``."""

    text: str

    @property
    def fields(self) -> List[str]:
        """Kind, flags, rights, object, inherited object, trustee."""
        return self.text.strip("()").split(";")

    @property
    def applies(self) -> bool:
        """Whether it lets a Group Policy object apply to the trustee."""
        return self.fields[0] == "OA" and self.fields[3].lower() == APPLY

    @property
    def reads(self) -> bool:
        """Whether it is the one that goes with that."""
        rights = self.fields[2]
        pairs = {rights[index : index + 2] for index in range(0, len(rights), 2)}
        return self.fields[0] == "A" and pairs == {"RP", "LC", "LO", "RC"}


def split_sddl(sddl: str) -> Tuple[str, List[Entry], str]:
    """Return what stands before the access rights, each of them, and what stands behind."""
    found = re.match(r"(.*?D:[A-Z]*)((?:\([^()]*\))*)(.*)", sddl, re.DOTALL)
    if not found:
        raise RefusedError("access rights of another form: " + sddl)
    entries = [Entry(text) for text in re.findall(r"\([^()]*\)", found.group(2))]
    return found.group(1), entries, found.group(3)


def appliers(sddl: str) -> List[str]:
    """Return the trustees to whom an object applies, sorted."""
    return sorted({entry.fields[5] for entry in split_sddl(sddl)[1] if entry.applies})


def with_appliers(sddl: str, trustees: Sequence[str]) -> str:
    """Return the access rights of an object that applies to ``trustees`` alone.

    Authenticated Users go on reading, which computers need (Microsoft, MS16-072).
    """
    before, entries, behind = split_sddl(sddl)
    gone = set(appliers(sddl)) - set(trustees)
    kept = [
        entry
        for entry in entries
        if entry.fields[5] not in gone
        or not (entry.applies or (entry.reads and entry.fields[5] != EVERYONE))
    ]
    readers = {entry.fields[5] for entry in kept if entry.reads}
    applied = {entry.fields[5] for entry in kept if entry.applies}
    new = [f"(A;CI;{READ};;;{each})" for each in [EVERYONE, *trustees] if each not in readers]
    new += [f"(OA;CI;CR;{APPLY};;{each})" for each in trustees if each not in applied]
    return before + "".join([*(entry.text for entry in kept), *dict.fromkeys(new)]) + behind


def raised(version: int) -> int:
    """Return the version after a change of the user side, its upper half (MS-GPOL, 2.2.4)."""
    user = (version >> 16) + 1
    return ((user if user <= 0xFFFF else 1) << 16) | (version & 0xFFFF)


def signed(version: int) -> int:
    """Return the 32 bits as LDAP's syntax Integer writes them."""
    return version - (1 << 32) if version >= 1 << 31 else version


def version_of(gpt_ini: str) -> int:
    """Return the version that a GPT.INI says; -1 if none."""
    found = re.search(r"^\s*Version\s*=\s*(\d+)", gpt_ini, re.MULTILINE | re.IGNORECASE)
    return int(found.group(1)) if found else -1


def with_version(gpt_ini: str, version: int) -> str:
    """Return the GPT.INI with another version."""
    line = f"Version={version}"
    changed, count = re.subn(
        r"^[ \t]*Version[ \t]*=[^\r\n]*", line, gpt_ini, count=1, flags=re.MULTILINE | re.IGNORECASE
    )
    return changed if count else f"[General]\r\n{line}\r\n"


def with_extension(names: str) -> str:
    """Return a list of extensions with the one of the registry, sorted as MS-GPOL 2.2.4 wants."""
    listed = re.findall(r"\[[^\]]*\]", names)
    others = [each for each in listed if each[:39].upper() != EXTENSION[:39]]
    return "".join(sorted([*others, EXTENSION], key=str.upper))


def links_of(gplink: str) -> List[Tuple[str, str]]:
    """Return each link of a container: distinguished name of the object, options."""
    return re.findall(r"\[LDAP://([^;\]]*);(\d+)\]", gplink, re.IGNORECASE)


def gplink_of(links: Sequence[Tuple[str, str]]) -> str:
    """Return the attribute that lists ``links``."""
    return "".join("[LDAP://{};{}]".format(*each) for each in links)


class State(NamedTuple):
    """A Group Policy object, as far as it is ours to keep; ``name`` is empty if there is none."""

    name: str = ""
    values: Sequence[str] = ()
    groups: Sequence[str] = ()
    links: Sequence[str] = ()
    announced: bool = True
    rights: bool = True

    def lines(self) -> List[str]:
        """What there is, a thing on a line."""
        if not self.name:
            return []
        found = ["Group Policy object " + self.name, *self.values]
        found += ["applies to " + each for each in sorted(self.groups)]
        found += ["linked to " + each for each in sorted(self.links)]
        found.append("announced to clients" if self.announced else "not announced to clients")
        found.append(
            "files have {} access rights".format("the object's" if self.rights else "other")
        )
        return found


class Domain:
    """The domain of this controller."""

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
        self.name = self.lp.get("realm").lower()
        # What reads and sets access rights by way of the share.
        context = s3param.get_context()
        context.load(self.lp.configfile)
        self.accounts = f"samba_dsdb:{self.db.url}"
        context.set("passdb backend", self.accounts)
        self.policies = os.path.join(self.lp.get("path", "sysvol"), self.name, "Policies")

    def search(self, base: str, scope: int, expression: str, *attributes: str) -> List[Any]:
        """Return what is found."""
        return list(
            self.db.search(base=base, scope=scope, expression=expression, attrs=list(attributes))
        )

    def modify(self, dn: str, attribute: str, text: Any, controls: Sequence[str] = ()) -> None:
        """Replace an attribute; an empty text removes it."""
        message = ldb.Message()
        message.dn = ldb.Dn(self.db, dn)
        values = [text] if text else []
        message[attribute] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, attribute)
        self.db.modify(message, controls=list(controls))

    def container(self, dn: str) -> str:
        """Return the distinguished name of a container for links, as the directory writes it."""
        try:
            found = self.search(dn, ldb.SCOPE_BASE, "(objectClass=*)", "objectClass")
        except (ldb.LdbError, ValueError):
            raise RefusedError(f'links: no "{dn}" in {self.name}') from None
        if not {str(each) for each in found[0]["objectClass"]} & set(LINKED_TO):
            raise RefusedError(f'links: "{dn}" is no organizational unit')
        return str(found[0].dn)

    def group(self, name: str) -> str:
        """Return the group as access rights name it."""
        expression = f"(&(objectClass=group)(sAMAccountName={ldb.binary_encode(name)}))"
        found = self.search(self.dn, ldb.SCOPE_SUBTREE, expression, "objectSid")
        if not found:
            raise RefusedError(f'security_filter: no group "{name}" in {self.name}')
        sid = ndr_unpack(security.dom_sid, found[0]["objectSid"][0])
        entry = security.descriptor.from_sddl(f"D:(A;;RP;;;{sid})", self.sid)
        return split_sddl(entry.as_sddl())[1][0].fields[5]

    def called(self, trustee: str) -> str:
        """Return the name of a trustee."""
        if trustee == EVERYONE:
            return "Authenticated Users"
        entry = security.descriptor.from_sddl(f"D:(A;;RP;;;{trustee})", self.sid)
        expression = f"(objectSid={entry.dacl.aces[0].trustee})"
        found = self.search(self.dn, ldb.SCOPE_SUBTREE, expression, "sAMAccountName")
        return str(found[0].get("sAMAccountName", trustee)) if found else trustee

    def linked(self, guid: str) -> Dict[str, str]:
        """Return the containers to which an object is linked, and all their links."""
        expression = f"(gPLink=*{guid}*)"
        return {
            str(each.dn): str(each["gPLink"])
            for base in (self.dn, str(self.db.get_config_basedn()))
            for each in self.search(base, ldb.SCOPE_SUBTREE, expression, "gPLink")
        }


class Policy:
    """A Group Policy object of the domain, by its name, with its files."""

    def __init__(self, domain: Domain, name: str) -> None:
        self.domain = domain
        self.name = name
        expression = f"(&(objectClass=groupPolicyContainer)(displayName={ldb.binary_encode(name)}))"
        base = "CN=Policies,CN=System," + domain.dn
        found = domain.search(base, ldb.SCOPE_ONELEVEL, expression, "cn", "description")
        ours = [each for each in found if str(each.get("description", "")).startswith(MARK)]
        self.foreign = bool(found) and not ours
        self.guid = str(ours[0]["cn"]) if ours else ""

    @property
    def dn(self) -> str:
        """Distinguished name of the object."""
        return f"CN={self.guid},CN=Policies,CN=System,{self.domain.dn}"

    @property
    def directory(self) -> str:
        """Directory of the object's files."""
        return os.path.join(self.domain.policies, self.guid)

    def path(self, *names: str) -> str:
        """Path of a file of the object; clients know no case."""
        path = self.directory
        for name in names:
            present = os.listdir(path) if os.path.isdir(path) else []
            alike = [each for each in present if each.lower() == name.lower()]
            path = os.path.join(path, alike[0] if alike else name)
        return path

    def read(self, *names: str) -> bytes:
        """Return the content of a file; empty if there is none."""
        path = self.path(*names)
        if not os.path.exists(path):
            return b""
        with open(path, "rb") as file:
            return file.read()

    def gpt_ini(self) -> str:
        """Return the file that says the version of the files."""
        return self.read("GPT.INI").decode("latin-1")

    def attribute(self, name: str) -> str:
        """Return an attribute of the object."""
        found = self.domain.search(self.dn, ldb.SCOPE_BASE, "(objectClass=*)", name)[0]
        return str(found.get(name, ""))

    def sddl(self) -> str:
        """Return owner and access rights of the object."""
        attribute = "nTSecurityDescriptor"
        found = self.domain.search(self.dn, ldb.SCOPE_BASE, "(objectClass=*)", attribute)[0]
        return str(ndr_unpack(security.descriptor, found[attribute][0]).as_sddl())

    def version(self) -> int:
        """Return the version of the object; that of the files is the same if all went well."""
        return int(self.attribute("versionNumber") or 0) & 0xFFFFFFFF

    def state(self) -> State:
        """Return what there is."""
        if not self.guid:
            return State()
        try:
            content = self.read("User", "Registry.pol")
            values = [each.shown() for each in parse(content)] if content else []
        except ValueError as error:
            values = [f"Registry.pol that can't be read: {error}"]
        extensions = self.attribute("gPCUserExtensionNames")
        return State(
            name=self.name,
            values=values,
            groups=[self.domain.called(each) for each in appliers(self.sddl())],
            links=list(self.domain.linked(self.guid)),
            announced=extensions == with_extension(extensions)
            and self.version() == version_of(self.gpt_ini()),
            rights=self.has_rights(),
        )

    def expected_rights(self) -> str:
        """Return the access rights that the files must have."""
        return str(dsacl2fsacl(self.sddl(), self.domain.sid))

    def has_rights(self) -> bool:
        """Say whether each file has the object's access rights, for Windows and for Samba."""
        try:
            for direct in True, False:
                check_dir_acl(
                    self.directory, self.expected_rights(), self.domain.lp, self.domain.sid, direct
                )
        except (NTSTATUSError, OSError, ProvisioningError, TypeError):
            return False
        return True

    def create(self) -> None:
        """Make the object, without settings; it is found again by its name and its mark."""
        self.guid = f"{{{str(uuid.uuid4()).upper()}}}"
        unc = f"\\\\{self.domain.name}\\sysvol\\{self.domain.name}\\Policies\\{self.guid}"
        self.add(
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
            self.add(f"CN={side},{self.dn}", objectClass="container")

    def add(self, dn: str, **attributes: str) -> None:
        """Add an object to the directory."""
        message = ldb.Message()
        message.dn = ldb.Dn(self.domain.db, dn)
        for name, text in attributes.items():
            message[name] = ldb.MessageElement(text, ldb.FLAG_MOD_ADD, name)
        self.domain.db.add(message)

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

        The version stands in a file and in the object: as long as the two differ, or the values
        do, a run that was cut off is gone on with.
        """
        content = pack(values)
        extensions = self.attribute("gPCUserExtensionNames")
        version, written = self.version(), version_of(self.gpt_ini())
        announced = extensions == with_extension(extensions) and version == written
        for side in "User", "Machine":
            os.makedirs(self.path(side), exist_ok=True)
        if not announced or content != self.read("User", "Registry.pol"):
            version = raised(max(version, written))
            self.write(with_version(self.gpt_ini(), version).encode("latin-1"), "GPT.INI")
            self.write(content, "User", "Registry.pol")
        self.set_rights()
        if extensions != with_extension(extensions):
            self.domain.modify(self.dn, "gPCUserExtensionNames", with_extension(extensions))
        if version != self.version():
            self.domain.modify(self.dn, "versionNumber", str(signed(version)))

    def write(self, content: bytes, *names: str) -> None:
        """Replace a file whole."""
        path = self.path(*names)
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.replace(path + ".new", path)

    def set_rights(self) -> None:
        """Give the files the access rights of the object."""
        if self.has_rights():
            return
        set_dir_acl(
            self.directory,
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
                found = self.domain.search(container, ldb.SCOPE_BASE, "(objectClass=*)", "gPLink")
                present = links_of(str(found[0].get("gPLink", "")))
                self.domain.modify(container, "gPLink", gplink_of([(self.dn, "0"), *present]))

    def remove(self) -> None:
        """Remove links, object and files."""
        self.link([])
        self.domain.db.delete(self.dn, ["tree_delete:1"])
        shutil.rmtree(self.directory, ignore_errors=True)


def run(parameters: Dict[str, Any], check_mode: bool) -> Dict[str, Any]:
    """Bring the object to what is wanted; return the module's result.

    :raises RefusedError: the wanted can't be.
    """
    try:
        values = [
            value(each["key"], each["name"], each["type"], each["data"])
            for each in parameters["values"]
        ]
    except ValueError as error:
        raise RefusedError(f"values: {error}") from None
    domain = Domain()
    policy = Policy(domain, parameters["name"])
    before = policy.state()
    wanted = State()
    if parameters["state"] == "present":
        if policy.foreign:
            raise RefusedError(
                f'name: "{policy.name}" is the name of an object of somebody else; choose another, '
                f"or let its description begin with: {MARK}"
            )
        trustees = {domain.group(each): each for each in parameters["security_filter"]}
        trustees = trustees or {EVERYONE: "Authenticated Users"}
        wanted = State(
            name=policy.name,
            values=[each.shown() for each in values],
            groups=[domain.called(each) for each in trustees],
            links=list(dict.fromkeys(map(domain.container, parameters["links"]))) or [domain.dn],
        )
        if before.lines() != wanted.lines() and not check_mode:
            if not policy.guid:
                policy.create()
            policy.apply_to(list(trustees))
            policy.set(values)
            policy.link(wanted.links)
    elif policy.guid and not check_mode:
        policy.remove()
    sides = ["".join(line + "\n" for line in each.lines()) for each in (before, wanted)]
    return {
        "changed": sides[0] != sides[1],
        "guid": policy.guid if wanted.name else "",
        "diff": {"before": sides[0], "after": sides[1]},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "values": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "key": {"type": "str", "required": True, "no_log": False},
                    "name": {"type": "str", "required": True},
                    "type": {"type": "str", "choices": ["REG_DWORD", "REG_SZ"], "required": True},
                    "data": {"type": "raw", "required": True},
                },
            },
            "links": {"type": "list", "elements": "str", "default": []},
            "security_filter": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    if not HAS_SAMBA:
        module.fail_json(msg=missing_required_lib("samba", reason="to keep Group Policy objects"))
    try:
        module.exit_json(**run(module.params, module.check_mode))
    except RefusedError as error:
        module.fail_json(msg=str(error))
    except (ldb.LdbError, NTSTATUSError, OSError) as error:
        module.fail_json(msg=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
