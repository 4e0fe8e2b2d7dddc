"""What holds for all roles: one source for each fact."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from jinja2 import Environment, FileSystemLoader, Template

from mail_autoconfig import cli
from mail_autoconfig.certificates.certbot import CONFIG
from mail_autoconfig.certificates.groups import PATTERN
from mail_autoconfig.certificates.report import METRICS
from mail_autoconfig.host import NGINX_TEST
from mail_autoconfig.sources import keys as sources_keys
from mail_autoconfig.sources import secrets
from mail_autoconfig.sources.report import METRICS as SOURCES_METRICS
from mail_autoconfig.sources.report import REST
from support import role_rules

ROOT = Path(__file__).parents[2]
ROLES = role_rules.roles(ROOT)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "rule",
    [
        role_rules.not_as_the_defaults,
        role_rules.without_prefix,
        role_rules.documented_twice,
        role_rules.undocumented,
        role_rules.not_internal,
        role_rules.read_as_written,
        role_rules.paths_written_again,
        role_rules.without_the_shared_role,
    ],
    ids=lambda rule: str(rule.__name__),
)
def test_rule(rule: Callable[[Path], set[str]]) -> None:
    assert rule(ROOT) == set()


SPECS = """
argument_specs:
  main:
    options:
      autoconfig_size: {type: int, default: 1}
"""
TYPED = "__web_size: \"{{ autoconfig_size | mailhost.autoconfig.typed('int') }}\""
GOOD = {
    "roles/preflight/meta/main.yml": "dependencies: []",
    "roles/preflight/meta/argument_specs.yml": SPECS.replace("size", "shared"),
    "roles/preflight/defaults/main.yml": "autoconfig_shared: 1",
    "roles/preflight/tasks/check.yml": "- x:\n  register: __autoconfig",
    "roles/web/meta/main.yml": "dependencies: [{role: mailhost.autoconfig.preflight}]",
    "roles/web/meta/argument_specs.yml": SPECS,
    "roles/web/defaults/main.yml": "autoconfig_size: 1",
    "roles/preflight/vars/main.yml": (
        "__autoconfig_socket: /run/socket\n"
        "__autoconfig_shared: \"{{ autoconfig_shared | mailhost.autoconfig.typed('int') }}\""
    ),
    "roles/web/vars/main.yml": f"__web_file: /etc/web\n{TYPED}",
    "roles/web/tasks/main.yml": (
        "- x: {{ __web_size }} {{ __autoconfig_shared }} mail_autoconfig_x\n"
        "  register: __web_done\n"
        "  when: groups['autoconfig_servers'] and __autoconfig_socket and /run/socket-2"
    ),
    "roles/web/templates/web.j2": "",
    "playbooks/site.yml": "- x: {{ autoconfig_size | mailhost.autoconfig.typed('int') }}",
}


@pytest.mark.parametrize(
    ("rule", "path", "content", "found"),
    [
        (
            "not_as_the_defaults",
            "web/defaults/main.yml",
            "autoconfig_size: 2",
            "web: autoconfig_size",
        ),
        ("not_as_the_defaults", "web/defaults/main.yml", "{}", "web: autoconfig_size"),
        (
            "not_as_the_defaults",
            "web/meta/argument_specs.yml",
            SPECS.replace(", default: 1", ""),
            "web: autoconfig_size",
        ),
        ("without_prefix", "web/defaults/main.yml", "web_size: 1", "web: web_size"),
        (
            "without_prefix",
            "web/meta/argument_specs.yml",
            SPECS.replace("auto", ""),
            "web: config_size",
        ),
        (
            "documented_twice",
            "preflight/defaults/main.yml",
            "autoconfig_size: 2",
            "autoconfig_size: preflight, web",
        ),
        (
            "undocumented",
            "web/templates/web.j2",
            "{{ autoconfig_color }}",
            "roles/web/templates/web.j2: autoconfig_color",
        ),
        (
            "undocumented",  # another role's, which this one does not have when it runs alone
            "preflight/tasks/check.yml",
            "- x: {{ autoconfig_size | bool }}",
            "roles/preflight/tasks/check.yml: autoconfig_size",
        ),
        (
            "undocumented",
            "../playbooks/site.yml",
            "- x: {{ autoconfig_color }}",
            "playbooks/site.yml: autoconfig_color",
        ),
        ("not_internal", "web/vars/main.yml", "autoconfig_file: /x", "web: autoconfig_file"),
        ("not_internal", "web/vars/main.yml", "__autoconfig_file: /x", "web: __autoconfig_file"),
        (
            "read_as_written",
            "web/templates/web.j2",
            "{{ autoconfig_size }}",
            "roles/web/templates/web.j2: autoconfig_size",
        ),
        (
            "read_as_written",
            "../playbooks/site.yml",
            "- when: autoconfig_shared",
            "playbooks/site.yml: autoconfig_shared",
        ),
        (
            "read_as_written",
            "web/vars/main.yml",
            "__web_file: /etc/web",
            "roles/web/vars/main.yml: no line "
            "{{ autoconfig_size | mailhost.autoconfig.typed('int') }}",
        ),
        ("not_internal", "web/tasks/main.yml", "- x:\n  register: web_done", "web: web_done"),
        ("not_internal", "../playbooks/site.yml", "- x:\n  register: done", "site.yml: done"),
        (
            "paths_written_again",
            "web/templates/web.j2",
            "server unix:/run/socket;",
            "roles/web/templates/web.j2: server unix:/run/socket;",
        ),
        ("without_the_shared_role", "web/meta/main.yml", "dependencies: []", "web"),
    ],
)
def test_rule_finds_what_breaks_it(
    rule: str, path: str, content: str, found: str, tmp_path: Path
) -> None:
    for name, good in GOOD.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(good)
    check: Callable[[Path], set[str]] = getattr(role_rules, rule)
    assert check(tmp_path) == set()
    (tmp_path / "roles" / path).write_text(content)
    assert check(tmp_path) == {found}


@pytest.mark.parametrize("role", ROLES)
def test_no_task_loops_over_domains(role: str) -> None:
    for path in (ROOT / "roles" / role).rglob("*.yml"):
        loops = re.findall(r"^\s+(?:loop|with_\w+):.*", path.read_text("utf-8"), re.MULTILINE)
        assert not [loop for loop in loops if "domains" in loop or "names" in loop], path


def test_each_writer_of_metrics_has_a_file_of_its_own() -> None:
    written: dict[str, set[str]] = {}
    for role in "certificates", "monitor", "sources":
        texts = (path.read_text("utf-8") for path in (ROOT / "roles" / role).rglob("*.*"))
        written[role] = set(re.findall(r"[a-z-]+\.prom\b", " ".join(texts)))
    assert written == {
        "certificates": {METRICS},
        "monitor": {"mail-autoconfig-doctor.prom"},
        "sources": {SOURCES_METRICS},
    }


@pytest.mark.parametrize("port", ["http_port", "https_port"])
def test_load_balancer_asks_where_nginx_listens(port: str) -> None:
    for file in (
        "nginx/vars/main.yml",
        "haproxy/templates/mail-autoconfig.cfg.j2",
    ):
        assert f"autoconfig_nginx_balancer_{port}" in (ROOT / "roles" / file).read_text("utf-8")


def test_providers_are_those_of_the_requirements() -> None:
    """What argument_specs name is what `pip install -r requirements-dns.txt` brings."""
    specs = role_rules.options(ROOT, role_rules.SHARED)["autoconfig_dns_servers"]["options"]
    (named,) = re.findall("One of (.*), or a class", " ".join(specs["provider"]["description"]))
    pins = (ROOT / "requirements-dns.txt").read_text("utf-8")
    assert named.split(", ") == re.findall(r"^octodns-(\w+)==", pins, re.MULTILINE)


def test_what_pip_installs_as_root_has_a_digest() -> None:
    """Each file of each package, the packages that they need among them."""
    pins = (ROOT / "requirements-dns.txt").read_text("utf-8")
    locked = (ROOT / "roles/certificates/files/octodns.txt").read_text("utf-8")
    packages = re.findall(
        r"^([a-z][a-z0-9-]*==\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)", locked, re.M
    )
    assert len(packages) == locked.count("==")
    assert set(re.findall(r"^[a-z]\S*==\S+$", pins, re.M)) < {name for name, _hashes in packages}
    (task,) = (
        task["ansible.builtin.pip"]
        for task in read(ROOT / "roles/certificates/tasks/apis.yml")
        if "ansible.builtin.pip" in task
    )
    assert "--require-hashes" in task["extra_args"]
    installs = [
        path for path in (ROOT / "roles").rglob("*.yml") if "pip:" in path.read_text("utf-8")
    ]
    assert [path.name for path in installs] == ["apis.yml"]


def test_packages_are_installed_in_one_way() -> None:
    """Which asks the sources for news only where one is missing."""
    for path in (ROOT / "roles").rglob("*.yml"):
        assert not re.search(r"ansible\.builtin\.(apt|package):", path.read_text("utf-8")), path


def test_actions_of_workflows_are_pinned_by_commit() -> None:
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        used = re.findall(r"uses: (\S+)", path.read_text("utf-8"))
        assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used), used


def test_renewals_begin_whatever_comes_of_the_first_order() -> None:
    """With autoconfig_certificates_strict a play may fail; what it got must be renewed."""
    tasks = [task["name"] for task in read(ROOT / "roles/certificates/tasks/acme.yml")]
    timer = "Install, enable and start the timer that renews certificates"
    assert tasks.index(timer) < tasks.index("Order the certificates")


def test_what_the_roles_have_in_common_with_the_program() -> None:
    shared = read(ROOT / "roles/preflight/vars/main.yml")
    assert shared["__autoconfig_certificate_name"] == PATTERN
    assert shared["__autoconfig_certbot"] == str(CONFIG)
    assert shared["__autoconfig_nginx_test"] == " ".join(NGINX_TEST)


def test_service_that_reads_the_sources_needs_no_paths() -> None:
    """The program's own are those that the roles write."""
    shared = read(ROOT / "roles/preflight/vars/main.yml")
    role = read(ROOT / "roles/sources/vars/main.yml")
    options = cli.parser().parse_args(["sources", "update"])
    assert str(options.configuration) == shared["__autoconfig_configuration"]
    assert str(options.store) == shared["__autoconfig_store"]
    assert str(options.state) == shared["__autoconfig_sources_state"]
    for name, path in {"settings": options.settings, "secrets": secrets.USUAL}.items():
        raw = trust_as_template(role[f"__sources_{name}_file"])
        assert Templar(DataLoader(), variables=shared).template(raw) == str(path)


def test_service_that_reads_the_sources_outlasts_the_slowest() -> None:
    """systemd would end the run of all of them, and nothing were believed."""
    template = ROOT / "roles/sources/templates/mail-autoconfig-sources.service.j2"
    (line,) = re.findall(r"^TimeoutStartSec=.*", template.read_text("utf-8"), re.MULTILINE)
    for timeout in 60, sources_keys.SOURCE["timeout"].largest:
        variables = {"__autoconfig": {"sources": {"timeout": timeout}}}
        found = Templar(DataLoader(), variables=variables).template(trust_as_template(line))
        assert found == f"TimeoutStartSec={2 * timeout + REST}"


def test_service_that_puts_names_into_nginx_needs_no_paths() -> None:
    shared = read(ROOT / "roles/preflight/vars/main.yml")
    options = cli.parser().parse_args(["names"])
    assert str(options.configuration) == shared["__autoconfig_configuration"]
    assert str(options.store) == shared["__autoconfig_store"]
    assert str(options.state) == shared["__autoconfig_names_state"]
    assert str(options.file) == shared["__autoconfig_names_settings"]
    status = cli.parser().parse_args(["sources", "status"])
    assert status.names == options.state


@pytest.mark.parametrize("orders", ["", "one", "two"])
def test_names_are_put_into_nginx_where_what_they_come_from_has_changed(orders: str) -> None:
    """Also the assignment, where another host than this one, `one`, orders the certificates."""
    own = read(ROOT / "roles/sources/vars/main.yml")
    variables = {
        "__sources_names_read": trust_as_template(own["__sources_names_read"]),
        "__autoconfig_store": "/store",
        "__autoconfig_names_state": "/names",
        "__autoconfig_names_received": "/names/received.json",
        "autoconfig_certificates_host": orders,
        "inventory_hostname": "one",
    }
    raw = trust_as_template(own["__sources_names_changed"])
    found = Templar(DataLoader(), variables=variables).template(raw)
    assert "/store -nt /names/store" in found
    assert "/names/store -nt /store" in found
    received = {
        "/names/received.json -nt /names/received",
        "/names/received -nt /names/received.json",
    }
    assert received & {*found} == (received if orders == "two" else set())


def test_accepted_finding_is_one_word_of_the_unit() -> None:
    """Whatever it has: systemd.service(5), "Command lines", and systemd.syntax(7), "Quoting"."""
    unit = ROOT / "roles/monitor/templates/mail-autoconfig-doctor.service.j2"
    (line,) = [each for each in unit.read_text("utf-8").splitlines() if "--ignore" in each]
    written = Template(line).render(finding='a:"b" c\\d %h $HOME\nExecStart=x')
    assert (
        written.split(maxsplit=1)[1]
        == r"""
"a:\"b\" c\\d %%h $$HOME\nExecStart=x" \
""".strip("\n")
    )


NAMESPACES = read(ROOT / "roles/preflight/vars/main.yml")["__autoconfig_namespaces"]


@pytest.mark.parametrize("unit", sorted(ROOT.glob("roles/*/templates/*.service.j2")), ids=str)
def test_services_may_be_had_without_namespaces(unit: Path) -> None:
    """What needs some is in one list, and its other value is the last of the section."""
    service = unit.read_text("utf-8").partition("[Service]")[2].partition("[Install]")[0]
    assert service.rstrip().endswith("\n{{ __autoconfig_not_isolated | join('\\n') }}")
    keys = set(re.findall(r"^(\w+)=", service, re.MULTILINE))
    namespaced = {key for key in keys if key.startswith(("Private", "Protect", "Proc"))}
    # The clock is kept by a filter of system calls.
    assert namespaced - {"ProtectClock"} <= NAMESPACES.keys()
    for key in keys & NAMESPACES.keys() - {"ReadWritePaths"}:
        (value,) = re.findall(rf"^{key}=(.+)$", service, re.MULTILINE)
        assert value in (NAMESPACES[key][0], "full")


@pytest.mark.parametrize(
    ("listen", "asked", "own"),
    [
        ("8080", "127.0.0.1:8080", []),
        ("*:8080", "127.0.0.1:8080", []),
        ("0.0.0.0:8080", "127.0.0.1:8080", []),
        ("127.0.0.1:8080", "127.0.0.1:8080", []),
        ("localhost:8080", "localhost:8080", []),
        ("192.0.2.1:8080", "192.0.2.1:8080", ["192.0.2.1"]),
        ("[::]:8080", "[::1]:8080", []),
        ("[2001:db8::1]:8080", "[2001:db8::1]:8080", ["2001:db8::1"]),
    ],
)
def test_verify_reaches_nginx_behind_a_proxy(listen: str, asked: str, own: list[str]) -> None:
    """It asks where nginx listens, from an address that nginx answers."""

    def rendered(role: str, name: str) -> Any:
        variables = {
            "autoconfig_nginx_proxy_listen": listen,
            "__nginx_proxies": ["192.0.2.2"],
        }
        raw = read(ROOT / f"roles/{role}/vars/main.yml")[name]
        return Templar(DataLoader(), variables=variables).template(trust_as_template(raw))

    assert rendered("verify", "__verify_listen") == asked
    addresses = rendered("nginx", "__nginx_proxy_addresses")
    assert addresses == ["192.0.2.2", "127.0.0.1", "::1", *own]


@pytest.mark.parametrize(
    ("release", "directive"), [("12", False), ("13", True), ("24", False), ("26", True)]
)
def test_http2_of_a_bare_host_is_that_of_its_release(release: str, directive: bool) -> None:
    """What check mode says where nginx is not installed yet."""
    raw = read(ROOT / "roles/nginx/vars/main.yml")
    facts = {"ansible_facts": {"distribution_major_version": release}}
    variables = {"__nginx_version": trust_as_template(raw["__nginx_version"]), **facts}
    templar = Templar(DataLoader(), variables=variables)
    found = templar.template(trust_as_template(raw["__nginx_http2_directive"]))
    assert found is directive


@pytest.mark.parametrize(
    ("plain", "asked"),
    [
        ([], []),
        (["autodiscover.example.com", "autoconfig.example.com"], ["autodiscover.example.com"]),
        (["autodiscover.*", "autoconfig.*"], ["autodiscover.mail-autoconfig.invalid"]),
    ],
)
def test_nginx_is_asked_for_a_name_that_it_has(plain: list[str], asked: list[str]) -> None:
    """Where it takes whatever a source gives, for one that no domain has."""
    raw = read(ROOT / "roles/nginx/vars/main.yml")["__nginx_names_of_http"]
    variables = {"__autoconfig": {"names": ["auto.example.org"], "plain_names": plain}}
    found = Templar(DataLoader(), variables=variables).template(trust_as_template(raw))
    assert found == ["auto.example.org", *asked]


@pytest.mark.parametrize(
    ("sign", "sources", "groups"),
    [
        (False, [], []),
        (True, [], ["mail-autoconfig-sign"]),
        (False, [{}], ["mail-autoconfig-store"]),
        (True, [{}], ["mail-autoconfig-sign", "mail-autoconfig-store"]),
    ],
)
def test_responder_has_the_groups_that_it_needs(
    sign: bool, sources: list[Any], groups: list[str]
) -> None:
    shared = read(ROOT / "roles/preflight/vars/main.yml")
    own = read(ROOT / "roles/responder/vars/main.yml")
    variables = {
        "__responder_sign_profiles": sign,
        "__responder_signing_group": own["__responder_signing_group"],
        "__autoconfig_sources": sources,
        "__autoconfig_store_group": shared["__autoconfig_store_group"],
    }
    raw = trust_as_template(own["__responder_groups"])
    assert Templar(DataLoader(), variables=variables).template(raw) == groups


@pytest.mark.parametrize(
    ("orders", "proxy", "unit"),
    [
        ("", False, "mail-autoconfig-certificates.service"),
        ("one", False, "mail-autoconfig-certificates.service"),
        ("two", False, "mail-autoconfig-fetch-soon.timer"),
        ("", True, ""),
    ],
)
def test_certificates_come_soon_after_names_of_sources_have_changed(
    orders: str, proxy: bool, unit: str
) -> None:
    shared = read(ROOT / "roles/preflight/vars/main.yml")
    raw = "__autoconfig_orders_certificates", "__autoconfig_fetch_soon_unit"
    variables = {
        **{name: trust_as_template(shared[name]) for name in raw},
        "__autoconfig_nginx_behind_proxy": proxy,
        "autoconfig_certificates_host": orders,
        "inventory_hostname": "one",
    }
    then = trust_as_template(read(ROOT / "roles/sources/vars/main.yml")["__sources_names_then"])
    assert Templar(DataLoader(), variables=variables).template(then) == unit
    assert (ROOT / f"roles/share/templates/{shared[raw[1]]}.j2").exists()


def test_new_program_writes_the_store_before_its_responder_reads_it() -> None:
    """Handlers run in the order in which they stand."""
    handlers = read(ROOT / "roles/responder/handlers/main.yml")
    restart = "Restart the responder"
    told = [each for each in handlers if restart in (each["name"], each.get("listen"))]
    writes, restarts = told
    assert writes["ansible.builtin.systemd_service"]["name"] == "mail-autoconfig-sources.service"
    assert writes["failed_when"] is False  # there is none at a first run
    assert restarts["name"] == restart


TEMPLATES = ROOT / "roles/nginx/templates"
NGINX = (TEMPLATES / "mail-autoconfig.conf.j2").read_text("utf-8")
SERVERS = (TEMPLATES / "servers.j2").read_text("utf-8")


def test_nginx_asks_again_when_all_kept_connections_are_dead() -> None:
    """It tries each server once, and a worker that died leaves as many dead ones as are kept."""
    kept = re.search(r"keepalive (\d+);", NGINX)
    servers = re.search(r"range\((\d+) \+ (\d+)\)", NGINX)
    tries = re.search(r"proxy_next_upstream_tries (\d+);", SERVERS)
    assert kept
    assert servers
    assert tries
    assert servers.groups() == (kept[1], tries[1])


@pytest.mark.parametrize(
    ("certificates", "of_sources", "secure"),
    [(0, False, 40), (1, False, 40), (4, False, 10), (400, False, 0), (4, True, 0)],
)
def test_cached_answers_leave_descriptors_for_clients(
    certificates: int, of_sources: bool, secure: int
) -> None:
    """Those of all servers of nginx; `molecule/default` counts what a host has."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=False)
    names = "{% from 'servers.j2' import open_plain, open_secure with context %}"
    found = environment.from_string(names + "{{ open_plain }} {{ open_secure }}").render(
        __autoconfig_groups={"certificates": [None] * certificates} if certificates else {},
        __autoconfig_names_of_sources=of_sources,
    )
    plain, own = map(int, found.split())
    assert own == secure
    assert 3 * plain + own * certificates <= 100  # of 1024 for each worker process of Debian's


@pytest.mark.parametrize(
    ("asked", "domain"),
    [
        ("user@example.com", "example.com"),
        ("User%40Example.com", "Example.com"),
        ("a.b+c%2Bd_e-f@example.com", "example.com"),
        (f"{'a' * 64}@example.com", "example.com"),
        (f"{'a' * 65}@example.com", None),
        ("a..b@example.com", None),
        (".a@example.com", None),
        ("a.@example.com", None),
        ("a@b@example.com", None),
        ("a%2540example.com", None),
        ("%22a%22@example.com", None),
        ("user@example.com&x=y", None),
        ("@example.com", None),
        ("", None),
    ],
)
def test_nginx_caches_for_what_is_plainly_one_address(asked: str, domain: str | None) -> None:
    pattern = re.search(r'"~\*(\^emailaddress=.*)" @', NGINX)
    assert pattern
    found = re.match(pattern[1].replace("(?<m", "(?P<m"), f"emailaddress={asked}", re.I)
    assert (found["mail_autoconfig_d"] if found else None) == domain
