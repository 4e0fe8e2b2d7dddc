#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: selfsigned_certificates
short_description: Make many self-signed certificates in one call
version_added: 0.1.0
description:
  - Makes those that are missing, have other names, do not fit their key, or end within a year.
  - A key stays as long as it can be read. Each file is replaced as a whole and atomically.
options:
  certificates:
    description: The certificates.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its directory in O(directory), with C(fullchain.pem) and C(privkey.pem).
        type: str
        required: true
      names:
        description: The host names on it.
        type: list
        elements: str
        required: true
  directory:
    description: Where they are, for root alone.
    type: path
    required: true
requirements:
  - cryptography
attributes:
  check_mode:
    description: Says which certificates would be made.
    support: full
  diff_mode:
    description: Shows the names that come and go; of a new certificate how many it has.
    support: full
  platform:
    description: Any with the library.
    support: full
    platforms: posix
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Make a certificate
  mailhost.autoconfig.selfsigned_certificates:
    directory: /etc/mail-autoconfig/tls/selfsigned
    certificates:
      - {name: mail-autoconfig, names: [autodiscover.example.com, autoconfig.example.com]}
"""

RETURN = r""" # """

import datetime
import os
from typing import Any, Dict, List, NamedTuple

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

UTC = datetime.timezone(datetime.timedelta(0))
LIFE = datetime.timedelta(days=3650)
LEFT = datetime.timedelta(days=365)
LONGEST = 64  # of a common name (RFC 5280, ub-common-name)


class Seen(NamedTuple):
    """What there is of a certificate; None where it can't be read."""

    key: Any
    certificate: Any

    def names(self) -> List[str]:
        """Return the names on it; none if there is no certificate."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (AttributeError, ValueError, x509.ExtensionNotFound):
            return []
        listed: List[str] = found.value.get_values_for_type(x509.DNSName)
        return listed

    def why_not(self, names: List[str], now: datetime.datetime) -> str:
        """Return why a new one is needed for these names; nothing if this one is right."""
        if self.key is None:
            return "no key"
        if self.certificate is None:
            return "no certificate"
        if self.certificate.public_key().public_numbers() != self.key.public_key().public_numbers():
            return "the certificate of another key"
        if set(self.names()) != set(names):
            return "other names"
        # The name since cryptography 42; Debian 12's has the older one alone.
        end = getattr(self.certificate, "not_valid_after_utc", None)
        end = end or self.certificate.not_valid_after.replace(tzinfo=UTC)
        return f"ends {end:%Y-%m-%d}" if end - now < LEFT else ""


def read(directory: str) -> Seen:
    """Return what there is in the directory of a certificate."""
    key = load(os.path.join(directory, "privkey.pem"), private_key)
    return Seen(key, load(os.path.join(directory, "fullchain.pem"), x509.load_pem_x509_certificate))


def private_key(pem: bytes) -> Any:
    """Return an elliptic key. Raises ValueError if it is none."""
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("no elliptic key")
    return key


def load(path: str, loader: Any) -> Any:
    """Return what a file has; None where it can't be read."""
    try:
        with open(path, "rb") as file:
            return loader(file.read())
    except (OSError, TypeError, ValueError):
        return None


def sign(key: Any, names: List[str], now: datetime.datetime) -> bytes:
    """Return a certificate for these names, signed by its own key (PEM)."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:LONGEST])])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(identifier, False)
        .add_extension(issuer, False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def make(directory: str, seen: Seen, names: List[str], now: datetime.datetime) -> None:
    """Make a certificate, with the key that there is."""
    for path in os.path.dirname(directory), directory:
        os.makedirs(path, 0o700, exist_ok=True)
    key = seen.key
    if key is None:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        replace(os.path.join(directory, "privkey.pem"), pem, 0o600)
    replace(os.path.join(directory, "fullchain.pem"), sign(key, names, now), 0o644)


def replace(path: str, content: bytes, mode: int) -> None:
    """Write a file as a whole."""
    new = f"{path}.new"
    if os.path.lexists(new):
        os.unlink(new)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
    os.replace(new, path)


def shown(name: str, why: str, before: List[str], after: List[str]) -> Dict[str, str]:
    """Return what ``--diff`` shows of a certificate that is made, before and after."""
    if not before:
        lines = ["absent"], [f"{len(after)} names"]
    elif why != "other names":
        lines = [why], ["made anew"]
    else:
        lines = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    gone, come = ("".join(f"{name}: {line}\n" for line in each) for each in lines)
    return {"before": gone, "after": come}


def main() -> None:
    """Run the module."""
    one = {
        "name": {"type": "str", "required": True},
        "names": {"type": "list", "elements": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "certificates": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": one,
            },
            "directory": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    if not HAS_CRYPTOGRAPHY:
        module.fail_json(msg=missing_required_lib("cryptography"))
    now = datetime.datetime.now(UTC).replace(microsecond=0)
    differences = []
    for each in module.params["certificates"]:
        path = os.path.join(module.params["directory"], each["name"])
        seen = read(path)
        why = seen.why_not(each["names"], now)
        if why:
            differences.append(shown(each["name"], why, seen.names(), each["names"]))
            if not module.check_mode:
                make(path, seen, each["names"], now)
    module.exit_json(
        changed=bool(differences),
        diff={key: "".join(each[key] for each in differences) for key in ("before", "after")},
    )


if __name__ == "__main__":
    main()
