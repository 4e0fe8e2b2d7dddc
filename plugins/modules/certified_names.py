#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: certified_names
short_description: Read which names are on many certificates of certbot
version_added: 0.1.0
description:
  - Reads all of them in one call. M(mailhost.autoconfig.certificate_groups) uses it where its file
    is lost.
options:
  pattern:
    description: Regular expression that the whole name of a certificate must match.
    type: str
    required: true
  directory:
    description: Directory of certbot's certificates. It need not exist.
    type: path
    required: true
requirements:
  - cryptography, which certbot needs too; without it no certificate is read
attributes:
  check_mode:
    description: Changes nothing anyway.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
  platform:
    description: Any with certbot's library.
    support: full
    platforms: posix
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Read which names the certificates have
  mailhost.autoconfig.certified_names:
    pattern: mail-autoconfig(-[0-9]+)?
    directory: /etc/mail-autoconfig/certbot/live
  register: certified
"""

RETURN = r"""
certificates:
  description: Certificate to the host names on it. A certificate that can't be read is left out.
  type: dict
  returned: success
"""

import os
import re
from typing import Dict, List

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    from cryptography import x509
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True


def names(pem: bytes) -> List[str]:
    """Return the host names on a certificate (PEM); ValueError if it is none."""
    certificate = x509.load_pem_x509_certificate(pem)
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return found.value.get_values_for_type(x509.DNSName)


def certified(paths: Dict[str, str]) -> Dict[str, List[str]]:
    """Return the names on the certificates whose ``paths`` are given."""
    found = {}
    for certificate, path in paths.items():
        try:
            with open(path, "rb") as file:
                found[certificate] = names(file.read())
        except (OSError, ValueError):
            continue
    return found


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "pattern": {"type": "str", "required": True},
            "directory": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    directory, pattern = module.params["directory"], re.compile(module.params["pattern"])
    listed = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    paths = {
        each: os.path.join(directory, each, "cert.pem")
        for each in listed
        if pattern.fullmatch(each)
    }
    if paths and not HAS_CRYPTOGRAPHY:
        module.warn(f"No certificate was read: {missing_required_lib('cryptography')}")
        paths = {}
    module.exit_json(changed=False, certificates=certified(paths))


if __name__ == "__main__":
    main()
