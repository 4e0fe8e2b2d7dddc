#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: certbot_certificate
short_description: Keep one certificate of certbot as it is asked for
version_added: 0.1.0
description:
  - Orders a certificate with certbot by webroot (http-01, RFC 8555 section 8.3) only if there is none with exactly these names,
    from this authority, that is still valid.
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
  ca_bundle:
    description: File on the host with the CA certificates that certbot trusts when it talks to the authority.
    type: path
  root:
    description: PEM of the root that must have signed the certificate. One that it has not signed is ordered anew.
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

from ansible.module_utils.basic import AnsibleModule

# A certificate this close to its end was not renewed by the timer when it should have been.
LAST_DAYS = 7
LOG = "/var/log/letsencrypt/letsencrypt.log"
LOG_FOLLOWS = "\n--- log ---\n"


def names_of(text):
    """Return the names in what ``openssl x509 -ext subjectAltName`` prints, sorted."""
    return sorted(re.findall(r"DNS:([^,\s]+)", text))


def failures_of(output):
    """Return a line a failed name from what certbot prints and logs, or what else it says is wrong."""
    found = re.findall(r"Domain: (\S+)\s+Type: +(\S+)\s+Detail: ([^\n]+)", output)
    if found:
        return ["{0}: {2} ({1})".format(*failure) for failure in found]
    # certbot 2.1 on Python 3.11 prints "can't set attribute" in place of what the authority said.
    found = re.findall(r"acme\.messages\.Error: urn:ietf:params:acme:error:(\S+) :: ([^\n]+)", output)
    if found:
        return ["{1} ({0})".format(*found[-1])]
    lines = [line.strip() for line in output.partition(LOG_FOLLOWS)[0].splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("Saving debug log", "Ask for help", "- - -"))]
    return lines[-2:]


def why(current, wanted):
    """Say why the certificate ``current`` can't stay, or return an empty string.

    :arg current: mapping with ``names``, ``directory_url``, ``ends_soon`` and ``signed_by_root``; empty if there is none
    :arg wanted: mapping with ``names`` (sorted) and ``directory_url``
    """
    if not current:
        return "there is none"
    if current["names"] != wanted["names"]:
        return "other names"
    if current["directory_url"] != wanted["directory_url"]:
        return "another authority"
    if not current["signed_by_root"]:
        return "not signed by the root"
    if current["ends_soon"]:
        return "ends in less than {0} days".format(LAST_DAYS)
    return ""


class Certificate:
    """One certificate of certbot on this host."""

    def __init__(self, module):
        self.module = module
        self.name = module.params["name"]
        self.config = module.params["config_directory"]
        self.renewal = os.path.join(self.config, "renewal", self.name + ".conf")
        self.live = os.path.join(self.config, "live", self.name)

    def openssl(self, *arguments):
        """Run openssl and return its exit code and its output."""
        rc, out, dummy = self.module.run_command(["openssl", *arguments])
        return rc, out

    def signed_by(self, root):
        """Say whether the certificate's chain leads to ``root`` (PEM)."""
        with tempfile.NamedTemporaryFile("w", dir=self.module.tmpdir, suffix=".pem") as file:
            file.write(root)
            file.flush()
            rc, dummy = self.openssl(
                "verify", "-no-CApath", "-CAfile", file.name,
                "-untrusted", os.path.join(self.live, "chain.pem"), os.path.join(self.live, "cert.pem"),
            )
        return rc == 0

    def current(self):
        """Return what there is now, as :func:`why` reads it."""
        certificate = os.path.join(self.live, "cert.pem")
        if not (os.path.exists(self.renewal) and os.path.exists(certificate)):
            return {}
        renewal = configparser.ConfigParser(interpolation=None, strict=False)
        with open(self.renewal, encoding="utf-8") as file:
            renewal.read_string("[certificate]\n" + file.read())
        lives, dummy = self.openssl("x509", "-noout", "-in", certificate, "-checkend", str(LAST_DAYS * 86400))
        root = self.module.params["root"]
        return {
            "names": names_of(self.openssl("x509", "-noout", "-in", certificate, "-ext", "subjectAltName")[1]),
            "directory_url": renewal.get("renewalparams", "server", fallback=""),
            "ends_soon": lives != 0,
            "signed_by_root": self.signed_by(root) if root else True,
        }

    def certbot(self, *arguments):
        """Run certbot and return its exit code, all that it prints, and what it logs if it fails."""
        environment = {"LC_ALL": "C.UTF-8"}
        if self.module.params["ca_bundle"]:
            environment["REQUESTS_CA_BUNDLE"] = self.module.params["ca_bundle"]
        logged = os.path.getsize(LOG) if os.path.exists(LOG) else 0
        rc, out, err = self.module.run_command(
            ["certbot", *arguments, "--non-interactive", "--config-dir", self.config],
            environ_update=environment,
        )
        output = out + "\n" + err
        if rc != 0 and os.path.exists(LOG):
            with open(LOG, encoding="utf-8", errors="replace") as file:
                file.seek(logged if logged <= os.path.getsize(LOG) else 0)
                output += LOG_FOLLOWS + file.read()
        return rc, output

    def forget_account(self):
        """Remove the account at this authority, which the authority no longer knows."""
        server = self.module.params["directory_url"].split("://", 1)[1]
        shutil.rmtree(os.path.join(self.config, "accounts", server), ignore_errors=True)

    def order(self):
        """Order the certificate, or fail and leave the one that there is."""
        parameters = self.module.params
        email = parameters["email"]
        arguments = [
            "certonly", "--cert-name", self.name, "--server", parameters["directory_url"],
            "--webroot", "--webroot-path", parameters["webroot"], "--agree-tos",
            "--renew-with-new-domains", "--force-renewal",
        ]
        arguments += ["--email", email, "--no-eff-email"] if email else ["--register-unsafely-without-email"]
        if parameters["deploy_hook"]:
            arguments += ["--deploy-hook", parameters["deploy_hook"]]
        for name in parameters["names"]:
            arguments += ["--domain", name]
        rc, output = self.certbot(*arguments)
        # An authority of one's own that was installed anew does not know the account.
        if rc != 0 and re.search(r"accountDoesNotExist|Account \S+ not found", output):
            self.forget_account()
            rc, output = self.certbot(*arguments)
        if rc != 0:
            self.module.fail_json(
                msg="No new certificate, the one in force stays: {0}".format("; ".join(failures_of(output))),
                output=output.partition(LOG_FOLLOWS)[0],
            )


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "names": {"type": "list", "elements": "str"},
            "directory_url": {"type": "str"},
            "webroot": {"type": "path"},
            "ca_bundle": {"type": "path"},
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
    if module.params["state"] == "absent":
        wanted = {}
        reason = "not asked for" if current else ""
    else:
        wanted = {"names": sorted(module.params["names"]), "directory_url": module.params["directory_url"]}
        reason = why(current, wanted)
    if reason and not module.check_mode:
        if wanted:
            certificate.order()
        else:
            rc, output = certificate.certbot("delete", "--cert-name", certificate.name)
            if rc != 0:
                module.fail_json(msg="certbot did not delete the certificate: {0}".format("; ".join(failures_of(output))))
    shown = {key: current[key] for key in wanted or current if key in current}
    module.exit_json(changed=bool(reason), reason=reason, diff={"before": shown, "after": wanted})


if __name__ == "__main__":
    main()
