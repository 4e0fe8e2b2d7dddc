#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: certbot_certificate
short_description: Keep one certificate of certbot as it is asked for
version_added: 0.1.0
description:
  - Orders a certificate with certbot by webroot (http-01, RFC 8555 section 8.3) only if there is
    none with exactly these names, from this authority, that is still valid.
  - A failed order leaves the certificate that is there, and says which name failed and why.
  - Renewal is left to certbot's own timer.
options:
  name:
    description: Name of the certificate, as in C(certbot certificates).
    type: str
    required: true
  state:
    description: Whether the certificate is there.
    type: str
    choices: [present, absent]
    default: present
  names:
    description: Host names that the certificate holds.
    type: list
    elements: str
  directory_url:
    description: URL of the ACME directory of the authority.
    type: str
  webroot:
    description: Directory from which the web server answers the authority.
    type: path
  ca_file:
    description:
      - File on the host with CA certificates that certbot trusts when it talks to the authority,
        beside those of the system.
    type: path
  root:
    description:
      - PEM of the root that must have signed the certificate. One that it has not signed is ordered
        anew.
    type: str
  email:
    description: Where the authority may write to about the account.
    type: str
  deploy_hook:
    description: Shell command that runs after each renewal.
    type: str
  config_directory:
    description: Configuration directory of certbot.
    type: path
    default: /etc/letsencrypt
attributes:
  check_mode:
    description: Says whether and why the certificate would be ordered.
    support: full
  diff_mode:
    description: Shows names and authority before and after.
    support: full
  platform:
    description: Debian 12 and 13.
    support: full
    platforms: Debian
author:
  - The mailhost.autoconfig authors (@mailhost)
"""

EXAMPLES = r"""
- name: Get the certificate
  mailhost.autoconfig.certbot_certificate:
    name: mail-autoconfig
    names: [autodiscover.example.com, autoconfig.example.com]
    directory_url: https://acme-v02.api.letsencrypt.org/directory
    webroot: /var/lib/mail-autoconfig/acme
    deploy_hook: systemctl reload nginx.service
"""

RETURN = r"""
reason:
  description: Why the certificate was ordered; empty if it was not.
  type: str
  returned: success
"""

import configparser
import os
import re
import shutil
import tempfile
from typing import Any, Dict, List, Tuple

from ansible.module_utils.basic import AnsibleModule

# A certificate this close to its end was not renewed by the timer when it should have been.
LAST_DAYS = 7
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
LOG = "/var/log/letsencrypt/letsencrypt.log"
LOG_FOLLOWS = "\n--- log ---\n"


def names_of(text: str) -> List[str]:
    """Return the names in what ``openssl x509 -ext subjectAltName`` prints, sorted."""
    return sorted(re.findall(r"DNS:([^,\s]+)", text))


def failures_of(output: str) -> List[str]:
    """Return a line a failed name from what certbot prints and logs, or what else is wrong."""
    found = re.findall(r"Domain: (\S+)\s+Type: +(\S+)\s+Detail: ([^\n]+)", output)
    if found:
        return [f"{name}: {detail} ({kind})" for name, kind, detail in found]
    # certbot 2.1 on Python 3.11 prints "can't set attribute" in place of what the authority said.
    found = re.findall(r"acme\.messages\.Error: urn:ietf:params:acme:error:(\S+) :: (.+)", output)
    if found:
        return [f"{found[-1][1]} ({found[-1][0]})"]
    printed = output.partition(LOG_FOLLOWS)[0].splitlines()
    idle = ("Saving debug log", "Ask for help", "- - -")
    return [line.strip() for line in printed if line.strip() and not line.startswith(idle)][-2:]


def why(current: Dict[str, Any], wanted: Dict[str, Any]) -> str:
    """Say why the certificate ``current`` can't stay, or return an empty string.

    :arg current: what :meth:`Certificate.current` returns
    :arg wanted: mapping with ``names`` (sorted), ``directory_url`` and ``webroot``
    """
    if not current:
        return "there is none"
    if current["names"] != wanted["names"]:
        return "other names"
    if current["directory_url"] != wanted["directory_url"]:
        return "another authority"
    if current["webroot"] != wanted["webroot"]:
        return "renewal by another directory"
    if not current["signed_by_root"]:
        return "not signed by the root"
    if current["ends_soon"]:
        return f"ends in less than {LAST_DAYS} days"
    return ""


class Certificate:
    """One certificate of certbot on this host."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.parameters: Dict[str, Any] = module.params
        self.name: str = module.params["name"]
        self.config: str = module.params["config_directory"]
        self.renewal = os.path.join(self.config, "renewal", self.name + ".conf")
        self.live = os.path.join(self.config, "live", self.name)

    def openssl(self, *arguments: str) -> Tuple[int, str]:
        """Run openssl and return its exit code and its output."""
        rc, out, _err = self.module.run_command(["openssl", *arguments])
        return int(rc), str(out)

    def signed_by(self, root: str) -> bool:
        """Say whether the certificate's chain leads to ``root`` (PEM)."""
        with tempfile.NamedTemporaryFile("w", dir=self.module.tmpdir, suffix=".pem") as file:
            file.write(root)
            file.flush()
            chain = ["-untrusted", os.path.join(self.live, "chain.pem")]
            trusted = ["-no-CApath", "-CAfile", file.name]
            rc, _out = self.openssl("verify", *trusted, *chain, os.path.join(self.live, "cert.pem"))
        return rc == 0

    def current(self) -> Dict[str, Any]:
        """Return what there is now; an empty mapping if there is no certificate.

        ``names`` (sorted), ``directory_url``, ``webroot``, ``ends_soon`` and ``signed_by_root``.
        """
        certificate = os.path.join(self.live, "cert.pem")
        if not (os.path.exists(self.renewal) and os.path.exists(certificate)):
            return {}
        renewal = configparser.ConfigParser(interpolation=None, strict=False)
        with open(self.renewal, encoding="utf-8") as file:
            renewal.read_string("[certificate]\n" + file.read())
        read = ["x509", "-noout", "-in", certificate]
        root = self.parameters["root"]
        return {
            "names": names_of(self.openssl(*read, "-ext", "subjectAltName")[1]),
            "directory_url": renewal.get("renewalparams", "server", fallback=""),
            "webroot": renewal.get("renewalparams", "webroot_path", fallback="").rstrip(","),
            "ends_soon": self.openssl(*read, "-checkend", str(LAST_DAYS * 86400))[0] != 0,
            "signed_by_root": self.signed_by(root) if root else True,
        }

    def bundle(self) -> str:
        """Write what certbot shall trust, the system's CA certificates and one more."""
        path = os.path.join(self.module.tmpdir, "bundle.pem")
        with open(path, "w", encoding="utf-8") as bundle:
            for part in (SYSTEM_BUNDLE, self.parameters["ca_file"]):
                with open(part, encoding="utf-8") as file:
                    bundle.write(file.read() + "\n")
        return path

    def certbot(self, *arguments: str) -> Tuple[int, str]:
        """Run certbot; return its exit code, all that it prints, and what it logs if it fails."""
        environment = {"LC_ALL": "C.UTF-8"}
        if self.parameters["ca_file"]:
            environment["REQUESTS_CA_BUNDLE"] = self.bundle()
        logged = os.path.getsize(LOG) if os.path.exists(LOG) else 0
        rc, out, err = self.module.run_command(
            ["certbot", *arguments, "--non-interactive", "--config-dir", self.config],
            environ_update=environment,
        )
        output = f"{out}\n{err}"
        if rc != 0 and os.path.exists(LOG):
            with open(LOG, encoding="utf-8", errors="replace") as file:
                file.seek(logged if logged <= os.path.getsize(LOG) else 0)
                output += LOG_FOLLOWS + file.read()
        return int(rc), output

    def forget_account(self) -> None:
        """Put the account at this authority aside, which the authority no longer knows."""
        server = self.parameters["directory_url"].split("://", 1)[1]
        accounts = os.path.join(self.config, "accounts", server)
        aside = accounts + ".forgotten"
        shutil.rmtree(aside, ignore_errors=True)
        os.rename(accounts, aside)

    def order(self) -> None:
        """Order the certificate, or fail and leave the one that there is."""
        parameters = self.parameters
        arguments = ["certonly", "--agree-tos", "--renew-with-new-domains", "--force-renewal"]
        arguments += ["--cert-name", self.name, "--server", parameters["directory_url"]]
        arguments += ["--webroot", "--webroot-path", parameters["webroot"]]
        if parameters["email"]:
            arguments += ["--email", parameters["email"], "--no-eff-email"]
        else:
            arguments += ["--register-unsafely-without-email"]
        if parameters["deploy_hook"]:
            arguments += ["--deploy-hook", parameters["deploy_hook"]]
        for name in parameters["names"]:
            arguments += ["--domain", name]
        rc, output = self.certbot(*arguments)
        # An authority of one's own that was installed anew does not know the account.
        if rc != 0 and "acme:error:accountDoesNotExist" in output:
            self.forget_account()
            rc, output = self.certbot(*arguments)
        self.check(rc, output, "No new certificate, the one in force stays")

    def delete(self) -> None:
        """Delete the certificate, its key and its renewal."""
        rc, output = self.certbot("delete", "--cert-name", self.name)
        self.check(rc, output, "The certificate was not deleted")

    def check(self, rc: int, output: str, consequence: str) -> None:
        """Fail with one line if certbot did."""
        if rc != 0:
            self.module.fail_json(
                msg=f"{consequence}: {'; '.join(failures_of(output))}",
                output=output.partition(LOG_FOLLOWS)[0],
            )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "names": {"type": "list", "elements": "str"},
            "directory_url": {"type": "str"},
            "webroot": {"type": "path"},
            "ca_file": {"type": "path"},
            "root": {"type": "str"},
            "email": {"type": "str"},
            "deploy_hook": {"type": "str"},
            "config_directory": {"type": "path", "default": "/etc/letsencrypt"},
        },
        required_if=[("state", "present", ("names", "directory_url", "webroot"))],
        supports_check_mode=True,
    )
    certificate = Certificate(module)
    current = certificate.current()
    wanted: Dict[str, Any] = {}
    if module.params["state"] == "present":
        wanted["names"] = sorted(module.params["names"])
        wanted["directory_url"] = module.params["directory_url"]
        wanted["webroot"] = module.params["webroot"]
        reason = why(current, wanted)
    else:
        reason = "not asked for" if current else ""
    if reason and not module.check_mode:
        if wanted:
            certificate.order()
        else:
            certificate.delete()
    shown = {key: current[key] for key in ("names", "directory_url", "webroot") if key in current}
    module.exit_json(changed=bool(reason), reason=reason, diff={"before": shown, "after": wanted})


if __name__ == "__main__":
    main()
