"""Orders by Debian's certbot library, the certificates from them, and what it says of a failure.

Directories of its own, and no cli.ini: a certbot that somebody has on this host, its accounts,
hooks and plug-ins have no part in it, nor does its timer see these certificates. Needs
python3-certbot.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from .certificate import identifier, names_on, validity
from .groups import is_ours
from .orders import Lineage, Order

_REQUIRED = "cert", "privkey", "chain", "fullchain"  # of a renewal's file
_SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
CONFIG = Path("/etc/mail-autoconfig/certbot")
"""Certificates, keys and accounts, in the places where certbot has them below /etc/letsencrypt."""
_WORK = Path("/var/lib/mail-autoconfig/certificates/certbot")
_LOG = _WORK / "logs/letsencrypt.log"
_THREADS = 4
# Debian's modules alone: what pip installed for all users is none of them. certbot reads cli.ini of
# /etc/letsencrypt whatever directory it is given, and some of its lines no argument takes back.
_LAUNCHER = """
import sys
sys.path[:] = [path for path in sys.path if path.startswith("/usr/lib/")]
from certbot._internal import constants
constants.CLI_DEFAULTS["config_files"] = []
from certbot.main import main
sys.exit(main(sys.argv[1:]))
"""
_PROGRAM: tuple[str, ...] = ("/usr/bin/python3", "-I", "-c", _LAUNCHER)
# What certbot reads from its environment, such as CERTBOT_PLUGIN_PATH.
_FOREIGN = "CERTBOT_"


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom to order from, and how.

    `directory_url` is that of the ACME directory; `challenge` are certbot's arguments for proving
    the names; `ca_file` has CA certificates (PEM) that certbot trusts beside the system's when it
    talks to the authority; `root` (PEM) must have signed the certificates, if it is not empty;
    `profile` is one of the authority's, which certbot asks for since 4.0.
    """

    directory_url: str
    challenge: tuple[str, ...]
    email: str = ""
    ca_file: Path | None = None
    root: str = ""
    profile: str = ""

    @contextmanager
    def bundle(self) -> Iterator[Path]:
        """A file with all CA certificates to trust. Raises OSError."""
        if self.ca_file is None:
            yield _SYSTEM_BUNDLE
            return
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.writelines(f"{each.read_text()}\n" for each in (_SYSTEM_BUNDLE, self.ca_file))
            file.flush()
            yield Path(file.name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order: the names that were `refused` with why, or another `problem`."""

    succeeded: bool
    refused: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


class Certbot:
    """Our certificates in `config`, certbot's directory."""

    def __init__(self, authority: Authority, config: Path = CONFIG) -> None:
        self._authority = authority
        self._config = config

    def live(self, certificate: str) -> Path:
        """The directory with `fullchain.pem` and `privkey.pem`."""
        return self._config / "live" / certificate

    def lineages(self) -> dict[str, Lineage]:
        """All our certificates that can be read."""
        names = [
            name
            for name in sorted(path.stem for path in self._config.glob("renewal/*.conf"))
            if is_ours(name) and (self.live(name) / "cert.pem").exists()
        ]
        with ThreadPoolExecutor(_THREADS) as pool:
            found = zip(names, pool.map(self._lineage, names), strict=True)
            return {name: lineage for name, lineage in found if lineage}

    def _lineage(self, certificate: str) -> Lineage | None:
        renewal = self._renewal(certificate)
        if renewal is None:
            return None
        try:
            read = x509.load_pem_x509_certificate(
                (self.live(certificate) / "cert.pem").read_bytes()
            )
            names, known_as = names_on(read), identifier(read)
        except (OSError, ValueError):
            return None
        begins, ends = validity(read)
        return Lineage(
            names=names,
            server=renewal.get("renewalparams", "server", fallback=""),
            begins=begins,
            ends=ends,
            trusted=self._signed_by_root(certificate),
            identifier=known_as,
        )

    def _renewal(self, certificate: str) -> configparser.ConfigParser | None:
        """What certbot knows of a certificate; None if that can't be read."""
        renewal = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            conf = (self._config / "renewal" / f"{certificate}.conf").read_text("utf-8")
            renewal.read_string("[certificate]\n" + conf)
        except (OSError, ValueError, configparser.Error):
            return None
        return renewal

    def _broken(self, certificate: str) -> str:
        """Why certbot would give the certificate another name at each order, or an empty string."""
        path = self._config / "renewal" / f"{certificate}.conf"
        if not path.exists():
            return ""
        renewal = self._renewal(certificate)
        kept = renewal["certificate"] if renewal else {}
        if all(Path(kept.get(key, "")).is_file() for key in _REQUIRED):
            return ""
        return f"{path} is broken; mend it, or remove it, {self.live(certificate)} and its archive"

    def _signed_by_root(self, certificate: str) -> bool:
        if not self._authority.root:
            return True
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(self._authority.root)
            file.flush()
            live = self.live(certificate)
            trusted = ("-no-CApath", "-CAfile", file.name, "-untrusted", str(live / "chain.pem"))
            command = ["openssl", "verify", *trusted, str(live / "cert.pem")]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def order(self, order: Order) -> Outcome:
        """Order a certificate. If that fails, the present one stays."""
        if broken := self._broken(order.certificate):
            return Outcome(False, {}, broken)
        authority = self._authority
        arguments = ["certonly", "--agree-tos", "--renew-with-new-domains", "--force-renewal"]
        arguments += ["--no-autorenew", "--cert-name", order.certificate]
        arguments += ["--server", authority.directory_url, *authority.challenge]
        if authority.email:
            arguments += ["--email", authority.email, "--no-eff-email"]
        else:
            arguments += ["--register-unsafely-without-email"]
        if authority.profile:
            # Not "required": a profile that the authority gives up must stop no renewal.
            arguments += ["--preferred-profile", authority.profile]
        for name in order.names:
            arguments += ["--domain", name]
        code, output, log = self._run(*arguments)
        # A private authority that was installed again does not know the account.
        if code != 0 and "acme:error:accountDoesNotExist" in log:
            self._forget_account()
            code, output, log = self._run(*arguments)
        if code == 0:
            return Outcome(True)
        said = refusals(output) or rejections(log)
        # For a wildcard it says the domain alone. A name that was not ordered is no reason.
        hosts = {name: name.removeprefix("*.") for name in order.names}
        ours = unpresented(output)
        refused = {name: ours.get(host, said[host]) for name, host in hosts.items() if host in said}
        return Outcome(False, refused, "" if refused else problem(output, log))

    def delete(self, certificate: str) -> str:
        """Delete a certificate with its key; return what is wrong, or an empty string."""
        code, output, log = self._run("delete", "--cert-name", certificate)
        return problem(output, log) if code else ""

    def _run(self, *arguments: str) -> tuple[int, str, str]:
        """Run certbot; return its exit code, all that it prints, and what it logs meanwhile."""
        # Each run of certbot begins a new file.
        before = _LOG.stat().st_ino if _LOG.exists() else 0
        with self._authority.bundle() as bundle:
            done = subprocess.run(
                [*_PROGRAM, *arguments, "--non-interactive", *self._directories()],
                env=_environment() | {"REQUESTS_CA_BUNDLE": str(bundle)},
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        log = ""
        if done.returncode and _LOG.exists() and _LOG.stat().st_ino != before:
            log = _LOG.read_text("utf-8", "replace")
        return done.returncode, f"{done.stdout}\n{done.stderr}", log

    def _directories(self) -> Iterator[str]:
        yield from ("--config-dir", str(self._config), "--work-dir", str(_WORK / "work"))
        yield from ("--logs-dir", str(_LOG.parent), "--max-log-backups", "20")

    def account(self) -> str:
        """The URL of our account at this authority; an empty string if there is none yet."""
        for path in sorted(self._accounts().glob("*/regr.json")):
            with suppress(OSError, ValueError, LookupError, TypeError):
                return str(json.loads(path.read_text("utf-8"))["uri"])
        return ""

    def _accounts(self) -> Path:
        return self._config / "accounts" / self._authority.directory_url.split("://", 1)[1]

    def _forget_account(self) -> None:
        """Rename the account at this authority, which the authority no longer knows."""
        accounts = self._accounts()
        aside = accounts.with_name(accounts.name + ".forgotten")
        shutil.rmtree(aside, ignore_errors=True)
        accounts.rename(aside)


def _environment() -> dict[str, str]:
    """The environment without what is meant for another certbot."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    return ours | {"LC_ALL": "C.UTF-8"}


def refusals(output: str) -> dict[str, str]:
    """The names that the authority refused, with what it says, from what certbot prints."""
    found = re.findall(r"Domain: (\S+)\s+Type: +(\S+)\s+Detail: ([^\n]+)", output)
    return {name: f"{detail} ({kind})" for name, kind, detail in found}


def unpresented(output: str) -> dict[str, str]:
    """The names whose proof our own hook could not present, with what it says.

    certbot goes on after that, and the authority only says that there is no proof.
    """
    hook = "Hook '--manual-auth-hook' for"
    found = re.findall(
        rf"{hook} (\S+) reported error code \d+\n{hook} \1 ran with error output:\n((?: .+\n?)+)",
        output,
    )
    return {name: said.splitlines()[-1].strip() for name, said in found}


def rejections(log: str) -> dict[str, str]:
    """The names that the authority rejects in an order, from what certbot logs.

    In Let's Encrypt's words, which say only the first of several names.
    """
    found = re.findall(r'Cannot issue for \\?"([^"\\]+)\\?": ([^"(\n]+)', log)
    return {name: f"{detail.strip()} (rejectedIdentifier)" for name, detail in found}


def problem(output: str, log: str) -> str:
    """What went wrong, if it was no name, in one line."""
    # certbot 2.1 on Python 3.11 prints "can't set attribute" in place of what the authority said.
    found: Sequence[tuple[str, str]] = re.findall(
        r"acme\.messages\.Error: urn:ietf:params:acme:error:(\S+) :: (.+)", log
    )
    if found:
        return f"{found[-1][1]} ({found[-1][0]})"
    idle = ("Saving debug log", "Ask for help", "- - -")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in lines:
        if line.startswith("ValueError: "):  # of the library that speaks with the authority
            return line.removeprefix("ValueError: ")
    return "; ".join([line for line in lines if not line.startswith(idle)][-2:])
