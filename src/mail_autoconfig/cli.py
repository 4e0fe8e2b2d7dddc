"""The command line: `mail-autoconfig check | serve | certificates | verify | …`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from . import __version__
from .answers.snippets import KINDS, render
from .inventory import addresses
from .inventory.read import ConfigurationError, load
from .zones.files import TTL, table
from .zones.records import AddressError, by_zone, records


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for what is wrong, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ConfigurationError as error:
        for problem in error.problems:
            print(f"{options.file.name}: {problem}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mail-autoconfig", description="Mail client set-up.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="answer mail clients")
    where = serve.add_mutually_exclusive_group()
    where.add_argument("--socket", type=Path, metavar="PATH", help="listen on a unix socket")
    where.add_argument("--port", type=int, help="listen on a TCP port")
    serve.add_argument("--host", default="127.0.0.1", help="address for --port [%(default)s]")
    serve.add_argument(
        "--signer", type=Path, metavar="PATH", help="unix socket of what signs Apple's profiles"
    )
    serve.set_defaults(command=_serve)

    check = commands.add_parser("check", help="check a configuration file")
    check.set_defaults(command=_check)

    verify = commands.add_parser("verify", help="ask a deployed server as mail clients do")
    verify.add_argument(
        "--connect", type=_endpoint, metavar="HOST:PORT", help="where https is, whatever DNS says"
    )
    verify.add_argument(
        "--connect-http", type=_endpoint, metavar="HOST:PORT", help="where http is, likewise"
    )
    trust = verify.add_mutually_exclusive_group()
    trust.add_argument("--ca", type=Path, metavar="FILE", help="trust this authority alone (PEM)")
    trust.add_argument("--insecure", action="store_true", help="trust each certificate")
    verify.add_argument(
        "--only", action="append", metavar="DOMAIN", help="ask for this domain; may be repeated"
    )
    verify.set_defaults(command=_verify)

    snippet = commands.add_parser(
        "snippet", help="print the rules for a web server that serves the domains themselves"
    )
    snippet.add_argument("kind", choices=KINDS, help="which server")
    snippet.set_defaults(command=_snippet)

    dns = commands.add_parser("dns", help="print the DNS records that the domains need")
    dns.add_argument(
        "--address",
        action="append",
        default=[],
        type=ip_address,
        metavar="IP",
        help="address of the server; may be repeated",
    )
    dns.add_argument(
        "--issuer", action="append", default=[], help="who may issue certificates (CAA)"
    )
    dns.add_argument("--ttl", type=int, default=TTL, help="in seconds [%(default)s]")
    dns.set_defaults(command=_dns)

    certificates = commands.add_parser(
        "certificates", help="order and renew the certificates of this host"
    )
    certificates.add_argument("--check", action="store_true", help="only say what would be done")
    certificates.add_argument("--json", action="store_true", help="say it as JSON")
    certificates.add_argument(
        "--renew", action="append", default=[], metavar="NAME", help="renew it now; may be repeated"
    )
    for name, what in ("authority", "how to order"), ("certificates", "which names on which"):
        certificates.add_argument(
            name,
            nargs="?",
            type=Path,
            default=Path(f"/etc/mail-autoconfig/{name}.json"),
            help=f"{what} [%(default)s]",
        )
    certificates.set_defaults(command=_certificates)

    challenge = commands.add_parser("challenge", help="prove a name in DNS, for certbot")
    challenge.add_argument(
        "step",
        choices=("present", "remove", "check"),
        help="check: print which of the names on standard input can't be proven (both JSON)",
    )
    challenge.add_argument("servers", type=Path, help="the zones and their servers (JSON)")
    challenge.add_argument("--dry-run", action="store_true", help="check: change no zone")
    challenge.set_defaults(command=_challenge)

    _share_parser(commands)

    for command in (serve, check, verify, snippet, dns):
        command.add_argument("file", type=Path, metavar="FILE", help="the configuration (JSON)")
    _add_doctor(commands.add_parser("doctor", help="ask as each client asks; say what is wrong"))
    return parser


def _add_doctor(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument("address", nargs="*", type=_address, metavar="USER@DOMAIN")
    doctor.add_argument(
        "--domain",
        action="append",
        default=[],
        type=lambda name: _address(f"postmaster@{name}"),
        metavar="DOMAIN",
        help="ask for postmaster there; may be repeated",
    )
    doctor.add_argument(
        "--inventory",
        type=Path,
        dest="file",
        metavar="FILE",
        help="all domains of group_vars (YAML) or of a configuration (JSON), held against it",
    )
    doctor.add_argument(
        "--log-in",
        action="store_true",
        help="try the password too, of MAIL_AUTOCONFIG_PASSWORD or from a prompt",
    )
    doctor.add_argument("--verbose", "-v", action="store_true", help="show each request too")
    doctor.add_argument("--json", action="store_true", help="print JSON in place of the table")
    doctor.add_argument("--html", type=Path, metavar="FILE", help="write a report to hand on")
    doctor.add_argument("--prometheus", type=Path, metavar="FILE", help="write metrics")
    doctor.add_argument(
        "--allow-private",
        action="store_true",
        help="also connect to addresses that are not the Internet's",
    )
    doctor.add_argument("--ca", type=Path, metavar="FILE", help="trust these authorities (PEM)")
    doctor.add_argument(
        "--name-server",
        type=_name_server,
        metavar="IP[:PORT]",
        help="ask it in place of the system's",
    )
    doctor.add_argument(
        "--at-once", type=_count, default=32, metavar="N", help="domains at a time [%(default)s]"
    )
    doctor.set_defaults(command=_doctor)


def _address(text: str) -> addresses.Address:
    try:
        return addresses.parse(text)
    except ValueError:
        shown = text.removeprefix("postmaster@")
        raise argparse.ArgumentTypeError(
            f"{shown!r} is not USER@DOMAIN or --domain DOMAIN"
        ) from None


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 or more")
    return int(text)


def _name_server(text: str) -> tuple[str, int]:
    try:
        return str(ip_address(text.strip("[]"))), 53
    except ValueError:
        host, port = _endpoint(text)
    try:
        return str(ip_address(host)), port
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not IP or IP:PORT") from None


def _share_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    share = commands.add_parser("share", help="share certificates among front ends")
    share.set_defaults(command=_share)
    steps = share.add_subparsers(required=True, metavar="STEP", dest="step")
    pack = steps.add_parser("pack", help="on the issuer: print the certificates in force")
    relay = steps.add_parser("relay", help="on the issuer: print what comes from a unix socket")
    relay.add_argument("socket", type=Path, metavar="PATH")
    fetch = steps.add_parser("fetch", help="elsewhere: put in force what a command prints")
    fetch.add_argument("--dry-run", action="store_true", help="say what would change")
    for step in (pack, fetch):
        step.add_argument("directory", type=Path, help="of the links to the certificates")
    fetch.add_argument("program", nargs="+", help="command that prints the certificates, after --")


def _endpoint(text: str) -> tuple[str, int]:
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


# The imports below wait for their command: `check` needs the standard library alone.


def _serve(options: argparse.Namespace) -> int:
    from .server.serve import SocketError, open_sockets, run

    try:
        sockets = open_sockets(options.socket, options.host, options.port)
        run(options.file, sockets, options.signer)
    except SocketError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _check(options: argparse.Namespace) -> int:
    count = len(load(options.file))
    print(f"{options.file.name}: {count} domain{'s' * (count != 1)}, all right")
    return 0


def _snippet(options: argparse.Namespace) -> int:
    print(render(options.kind, load(options.file)), end="")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from .verify import Endpoints, verify

    configuration = load(options.file)
    try:
        endpoints = Endpoints(options.connect, options.connect_http, options.ca, options.insecure)
    except OSError as error:  # ssl.SSLError is one
        print(f"{options.ca}: no certificates: {error.strerror or error}", file=sys.stderr)
        return 1
    return verify(configuration, endpoints, options.only)


def _dns(options: argparse.Namespace) -> int:
    configuration = load(options.file)
    try:
        found = records(configuration, options.address, options.issuer)
    except AddressError as error:
        print(f"{options.file.name}: {error}: --address IP", file=sys.stderr)
        return 2
    print(table(by_zone(found), options.ttl), end="")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    try:
        from .doctor.command import run
    except ModuleNotFoundError as error:
        print(
            f"doctor: no module {error.name}; pipx install 'mail-autoconfig[doctor]', or Debian's "
            "python3-httpx, python3-dnspython, python3-rich, python3-defusedxml",
            file=sys.stderr,
        )
        return 2
    return run(options)


def _certificates(options: argparse.Namespace) -> int:
    import json
    from dataclasses import asdict

    from .certificates.run import CertificatesError, run

    try:
        report = run(
            options.authority,
            options.certificates,
            dry=options.check,
            forced=frozenset(options.renew),
        )
    except (CertificatesError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(asdict(report)))
    else:
        print(*report.lines() or ["all certificates are right"], sep="\n")
    return 1 if report.problems else 0


def _challenge(options: argparse.Namespace) -> int:
    import json
    import logging
    import os

    from .certificates.dns01 import ChallengeError, hook, load

    logging.disable(logging.WARNING)  # octoDNS's remarks are no problem of a name
    try:
        challenges = load(options.servers)
        if options.step == "check":
            print(json.dumps(challenges.check(json.load(sys.stdin), dry=options.dry_run)))
        else:
            hook(options.step, challenges, os.environ)
    except (ChallengeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _share(options: argparse.Namespace) -> int:
    from .certificates import sharing

    try:
        match options.step:
            case "pack":
                print(sharing.pack(options.directory))
            case "relay":
                sharing.relay(options.socket, sys.stdout.buffer.write)
            case "fetch":
                print(_fetch(options))
    except (sharing.SharingError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _fetch(options: argparse.Namespace) -> str:
    from contextlib import nullcontext

    from .certificates import sharing

    with nullcontext() if options.dry_run else sharing.alone(options.directory):
        found = sharing.fetch(options.program)
        if sharing.is_in_force(found, options.directory):
            return "nothing new"
        if options.dry_run:
            return f"would put in force: {', '.join(found)}"
        sharing.install(found, options.directory, sharing.reload_nginx)
        return f"put in force: {', '.join(found)}"
