"""A real Apache and a real nginx, with the rules that the program prints, in front of the lab.

The environment names a lab of tests/lab, as for test_thunderbird.py.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from mail_autoconfig.answers.snippets import render
from mail_autoconfig.inventory.read import parse
from support import answers
from support.answers import CONFIG, POX, WELL_KNOWN, Case, Expectation, Reply, pox_request, redirect

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LAB = os.environ.get("LAB_NAME", "demo")
CA = Path(os.environ.get("LAB_CA", ROOT / ".demo/ca.pem"))
SUFFIX = os.environ.get("LAB_SUFFIXES", "test").split()[-1]
DOMAIN, HOST = f"corp.{SUFFIX}", f"autoconfig.corp.{SUFFIX}"
SERVERS = [{"type": kind, "host": "x.example"} for kind in ("imap", "smtp")]
DOMAINS = [{"name": DOMAIN, "servers": SERVERS}]
REQUEST = pox_request(f"user@{DOMAIN}")
PORTS = {"apache": 443, "htaccess": 444, "nginx": 445}

APACHE = """
Listen {port}
<VirtualHost *:{port}>
    ServerName {domain}
    DocumentRoot /var/www/{kind}
    SSLEngine on
    SSLCertificateFile /root/c.pem
    SSLCertificateKeyFile /root/k.pem
    <Directory /var/www/{kind}>
        AllowOverride All
        Require all granted
    </Directory>
    {rules}
</VirtualHost>
"""
NGINX = """
server {{
    listen 445 ssl;
    server_name {domain};
    ssl_certificate /root/c.pem;
    ssl_certificate_key /root/k.pem;
    root /var/www/nginx;
    {rules}
}}
"""
START = """
set -e
cat > /usr/local/share/ca-certificates/lab.crt
update-ca-certificates >/dev/null 2>&1
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=front -keyout /root/k.pem \
    -out /root/c.pem 2>/dev/null
rm -f /etc/nginx/sites-enabled/default
for kind in apache htaccess nginx; do
    mkdir -p /var/www/$kind; echo "the site" > /var/www/$kind/index.html
done
printf %s "$FRONT_HTACCESS" > /var/www/htaccess/.htaccess
printf %s "$FRONT_NGINX" > /etc/nginx/conf.d/front.conf
echo > /etc/apache2/ports.conf
printf %s "$FRONT_APACHE" > /etc/apache2/sites-enabled/000-default.conf
apachectl configtest 2>&1; nginx -t -q
apachectl start >/dev/null 2>&1; nginx >/dev/null 2>&1
"""
ASK = """
import base64, http.client, json, ssl, sys
port, method, host, path, headers, body = json.loads(sys.argv[1])
context = ssl._create_unverified_context()
connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
connection.request(method, path, base64.b64decode(body), {"Host": host} | headers)
answer = connection.getresponse()
found = {name.lower(): value for name, value in answer.getheaders()}
print(json.dumps([answer.status, found, base64.b64encode(answer.read()).decode()]))
"""


@pytest.fixture(scope="module")
def front() -> Iterator[Container]:
    """A container in which both servers run."""
    subprocess.run([sys.executable, ROOT / "tests/lab/images.py", "webservers"], check=True)
    configuration = parse({"domains": DOMAINS})
    rules = {kind: render(kind, configuration) for kind in PORTS}
    network, client = f"autoconfig-{LAB}", docker.from_env()
    dns = client.containers.get(f"{network}-dns").attrs["NetworkSettings"]["Networks"][network]
    apache = [
        APACHE.format(kind=kind, port=PORTS[kind], domain=DOMAIN, rules=own)
        for kind, own in (("apache", rules["apache"]), ("htaccess", ""))
    ]
    container = client.containers.run(
        "autoconfig-lab/webservers",
        ["sleep", "infinity"],
        labels={"mailhost.autoconfig.lab": LAB},
        network=network,
        dns=[dns["IPAddress"]],
        environment={
            "FRONT_APACHE": "".join(apache),
            "FRONT_HTACCESS": rules["htaccess"],
            "FRONT_NGINX": NGINX.format(domain=DOMAIN, rules=rules["nginx"]),
        },
        detach=True,
    )
    try:
        command = ["docker", "exec", "--interactive", str(container.id), "sh", "-c", START]
        started = subprocess.run(
            command, input=CA.read_text(), capture_output=True, text=True, timeout=60, check=False
        )
        assert started.returncode == 0, started.stdout + started.stderr
        yield container
    finally:
        container.remove(force=True)


def ask(
    front: Container,
    kind: str,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Reply:
    """Ask one of the servers for the domain, in their container."""
    encoded = base64.b64encode(body).decode()
    request = json.dumps([PORTS[kind], method, DOMAIN, path, dict(headers or {}), encoded])
    command = ["docker", "exec", str(front.id), "python3", "-c", ASK, request]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    status, found, answer = json.loads(ran.stdout)
    return Reply(status, found, base64.b64decode(answer))


def asked(kind: str, name: str, method: str, path: str, expect: Expectation) -> Case:
    body = REQUEST if method == "POST" else b""
    return Case(f"{kind}: {name}", method, DOMAIN, path, expect, body)


def the_site(reply: Reply) -> None:
    assert (reply.status, reply.body) == (200, b"the site\n")


def points_to_autodiscover(reply: Reply) -> None:
    assert reply.status == 200
    assert json.loads(reply.body)["Protocol"].lower() == "autodiscoverv1"


SETTINGS = answers.settings(f"user@{DOMAIN}", answers.corp(SUFFIX))
EMAIL = f"?emailaddress=a%2Bb%40{DOMAIN}"
CASES = [
    (kind, asked(kind, name, method, path, passed if kind != "htaccess" else redirect(307, there)))
    for kind in PORTS
    for name, method, path, passed, there in (
        ("POX", "POST", POX, SETTINGS, POX),
        ("POX, capitals", "POST", "/Autodiscover/AutoDiscover.XML", SETTINGS, POX),
        (
            "Autoconfig",
            "GET",
            WELL_KNOWN + EMAIL,
            answers.config(DOMAIN, answers.corp(SUFFIX), "Corp & Sons"),
            CONFIG + EMAIL,
        ),
        (
            "JSON",
            "GET",
            f"/autodiscover/Autodiscover.json/v1.0/u@{DOMAIN}?Protocol=AutodiscoverV1",
            points_to_autodiscover,
            f"/autodiscover/autodiscover.json/v1.0/u@{DOMAIN}?Protocol=AutodiscoverV1",
        ),
    )
    for there in [f"https://{HOST}{there}"]
] + [(kind, asked(kind, "the rest", "GET", "/", the_site)) for kind in PORTS]


@pytest.mark.parametrize(("kind", "case"), CASES, ids=lambda value: getattr(value, "name", ""))
def test_front(front: Container, kind: str, case: Case) -> None:
    def transport(
        _: str, method: str, _host: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        return ask(front, kind, method, path, headers, body)

    answers.run(case, transport)


@pytest.mark.parametrize("kind", ["apache", "nginx"])
def test_no_address_in_the_log_of_the_site(front: Container, kind: str) -> None:
    for path in (
        f"{WELL_KNOWN}?emailaddress=somebody%40{DOMAIN}",
        f"/autodiscover/Autodiscover.json/v1.0/somebody@{DOMAIN}?Protocol=AutodiscoverV1",
    ):
        ask(front, kind, "GET", path)
    assert ask(front, kind, "GET", f"/?visitor-of-{kind}").status == 200
    logs = front.exec_run(["sh", "-c", "cat /var/log/apache2/*.log /var/log/nginx/*.log"]).output
    assert f"visitor-of-{kind}".encode() in logs
    assert b"somebody" not in logs
