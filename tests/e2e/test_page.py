"""A real Chromium opens the page for people at the deployed servers; axe-core looks at it.

The environment names a lab of tests/lab, as for test_thunderbird.py. PAGE_PICTURES names a
directory for the pictures; without it they are thrown away.
"""

import base64
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import docker
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LAB = os.environ.get("LAB_NAME", "demo")
CA = Path(os.environ.get("LAB_CA", ROOT / ".demo/ca.pem"))
SUFFIX = os.environ.get("LAB_SUFFIXES", "test").split()[-1]
PICTURES = os.environ.get("PAGE_PICTURES")

DOMAIN = f"corp.{SUFFIX}"
PAGE = f"https://autoconfig.{DOMAIN}/"
ADDRESS = f"o'brien+x@{DOMAIN}"
# Only its axe.min.js is used; the browser is Debian's.
AXE = "axe-playwright-python==0.1.8"

Visit = dict[str, Any]


def visit(name: str, **more: str) -> Visit:
    usual = {"url": PAGE, "address": ADDRESS, "language": "en", "scheme": "light"}
    return usual | {"size": "desktop", "name": name} | more


VISITS = [
    visit("light"),
    visit("dark", scheme="dark", language="fr-CA,en;q=0.5"),
    visit("telephone", size="telephone", language="de"),
    visit("telephone-dark", size="telephone", scheme="dark"),
    visit("unknown", address="user@unknown.invalid"),
    visit("autodiscover", url=f"https://autodiscover.{DOMAIN}/", language="pl"),
    visit("http", url=f"http://autoconfig.{DOMAIN}/", address=""),
]
LANGUAGES = {"dark": "fr", "telephone": "de"}


def axe() -> str:
    """The script, kept below .cache."""
    kept = ROOT / ".cache/axe"
    if not list(kept.glob("*.whl")):
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*download, "--dest", str(kept), AXE], check=True)
    (wheel,) = kept.glob("*.whl")
    return zipfile.ZipFile(wheel).read("axe_playwright_python/axe.min.js").decode()


@pytest.fixture(scope="module")
def seen() -> dict[str, dict[str, Any]]:
    """What each visit showed, by its name."""
    subprocess.run([sys.executable, ROOT / "tests/lab/images.py", "chromium"], check=True)
    network = f"autoconfig-{LAB}"
    dns = docker.from_env().containers.get(f"{network}-dns").attrs["NetworkSettings"]["Networks"]
    command = ["docker", "run", "--rm", "--interactive", "--network", network]
    command += ["--dns", dns[network]["IPAddress"], "--label", f"mailhost.autoconfig.lab={LAB}"]
    command += ["autoconfig-lab/chromium", "python3", "-c", (HERE / "chromium.py").read_text()]
    request = {"ca": CA.read_text(), "axe": axe(), "visits": VISITS}
    ran = subprocess.run(
        command, input=json.dumps(request), capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.returncode == 0, ran.stderr
    answers = {
        each["name"]: answer for each, answer in zip(VISITS, json.loads(ran.stdout), strict=True)
    }
    for name, answer in answers.items():
        for number, page in enumerate(answer["seen"]):
            if PICTURES:
                picture = Path(PICTURES, f"{name}-{number}.png")
                picture.write_bytes(base64.b64decode(page["picture"]))
    return answers


@pytest.mark.parametrize("name", [each["name"] for each in VISITS])
def test_page_keeps_nobody_out_and_nothing_out_of_it_is_loaded(
    seen: dict[str, dict[str, Any]], name: str
) -> None:
    for page in seen[name]["seen"]:
        assert page["violations"] == []
        assert page["language"] == LANGUAGES.get(name, "en")
        assert page["wide"] <= (390 if "telephone" in name else 1280)
    own = f"autodiscover.{DOMAIN}" if name == "autodiscover" else f"autoconfig.{DOMAIN}"
    assert [url for url in seen[name]["loaded"] if own not in url] == []
    # A breach of the Content-Security-Policy would be told here; a 404 of the form is one line too.
    errors = [line for line in seen[name]["console"] if "favicon" not in line]
    assert [line for line in errors if "404" not in line or name != "unknown"] == []


def test_settings(seen: dict[str, dict[str, Any]]) -> None:
    question, answer = seen["light"]["seen"]
    assert question["cells"] == []
    assert "Corp & Sons" not in answer["url"]
    assert answer["url"] == f"{PAGE}settings"  # the address is in no URL
    host = f"mail.corp.{SUFFIX}"
    assert answer["cells"] == [
        *(host, "993", "SSL/TLS", ADDRESS, "your password"),
        *(host, "995", "SSL/TLS", ADDRESS, "your password"),
        *(host, "587", "STARTTLS", ADDRESS, "your password"),
    ]
    assert answer["links"] == [
        f"{PAGE}email.mobileconfig?email=o%27brien%2Bx@{DOMAIN}",
        f"{PAGE}outlook.reg",
        f"{PAGE}outlook.zip",
    ]


def test_unknown_domain(seen: dict[str, dict[str, Any]]) -> None:
    answer = seen["unknown"]["seen"][1]
    assert "knows no settings" in answer["text"]
    assert answer["cells"] == []


def test_dark_and_light_differ(seen: dict[str, dict[str, Any]]) -> None:
    light, dark = (seen[name]["seen"][0]["ground"] for name in ("light", "dark"))
    assert (light, dark) == ("rgb(244, 246, 249)", "rgb(16, 21, 28)")


def test_plain_http_leads_to_https(seen: dict[str, dict[str, Any]]) -> None:
    assert seen["http"]["seen"][0]["url"] == PAGE
