"""A real Chromium opens the page for people at the deployed servers; axe-core looks at it.

The environment names a lab of tests/lab, as for test_thunderbird.py. The pictures stay in
.cache/page, to be looked at.
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
PICTURES = ROOT / ".cache/page"

DOMAIN = f"corp.{SUFFIX}"
PAGE = f"https://autoconfig.{DOMAIN}/"
ADDRESS = f"o'brien+x@{DOMAIN}"
# Only its axe.min.js is used; the browser is Debian's.
AXE = "axe-playwright-python==0.1.8"

Visit = dict[str, Any]


def visit(name: str, **more: str) -> Visit:
    usual = {"url": PAGE, "address": ADDRESS, "language": "en", "scheme": "light"}
    return usual | {"size": "desktop", "name": name} | more


IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1"
PIXEL = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15"

VISITS = [
    visit("windows", agent=WINDOWS),
    visit("windows-dark", agent=WINDOWS, scheme="dark", language="fr-CA,en;q=0.5"),
    visit("windows-print", agent=WINDOWS, media="print", language="it"),
    visit("mac-dark", agent=MAC, scheme="dark", language="nl"),
    visit("linux", language="pt", device="linux"),
    visit("iphone", agent=IPHONE, size="telephone", language="de"),
    visit("iphone-dark", agent=IPHONE, size="telephone", scheme="dark"),
    visit("iphone-narrow", agent=IPHONE, size="narrow", language="fr"),
    visit("android", agent=PIXEL, size="telephone", language="es"),
    visit("android-narrow-dark", agent=PIXEL, size="narrow", scheme="dark", language="de"),
    visit("iphone-from-computer", agent=WINDOWS, device="ios"),
    visit("unknown", address="user@unknown.invalid"),
    visit("autodiscover", url=f"https://autodiscover.{DOMAIN}/", language="pl"),
    visit("http", url=f"http://autoconfig.{DOMAIN}/", address=""),
]
WIDTHS = {"telephone": 390, "narrow": 320, "desktop": 1280}
"""Pixels."""


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
            picture = PICTURES / f"{name}-{number}.png"
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(base64.b64decode(page["picture"]))
    return answers


@pytest.mark.parametrize("name", [each["name"] for each in VISITS])
def test_page_keeps_nobody_out_and_nothing_out_of_it_is_loaded(
    seen: dict[str, dict[str, Any]], name: str
) -> None:
    asked = next(each for each in VISITS if each["name"] == name)
    for page in seen[name]["seen"]:
        assert page["violations"] == []
        assert page["language"] == asked["language"].partition("-")[0]
        assert page["wide"] <= WIDTHS[asked["size"]]
    own = f"autodiscover.{DOMAIN}" if name == "autodiscover" else f"autoconfig.{DOMAIN}"
    assert [url for url in seen[name]["loaded"] if own not in url] == []
    # A breach of the Content-Security-Policy would be told here; a 404 of the form is one line too.
    errors = [line for line in seen[name]["console"] if "favicon" not in line]
    assert [line for line in errors if "404" not in line or name != "unknown"] == []


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("windows", "windows"),
        ("mac-dark", "mac"),
        ("iphone", "ios"),
        ("android", "android"),
        ("autodiscover", "linux"),  # Chromium's own User-Agent here
    ],
)
def test_device_is_guessed(seen: dict[str, dict[str, Any]], name: str, device: str) -> None:
    assert [page["chosen"] for page in seen[name]["seen"]] == [device, device]


def test_device_can_be_chosen(seen: dict[str, dict[str, Any]]) -> None:
    question, answer = seen["iphone-from-computer"]["seen"]
    assert (question["chosen"], answer["chosen"]) == ("windows", "ios")


def test_settings(seen: dict[str, dict[str, Any]]) -> None:
    question, answer = seen["windows"]["seen"]
    assert question["cells"] == []
    assert answer["url"] == f"{PAGE}settings"  # the address is in no URL
    host = f"mail.corp.{SUFFIX}"
    assert answer["cells"] == [  # POP3 is below a fold
        *(host, "993", "SSL/TLS", ADDRESS, "that of your mailbox"),
        *(host, "587", "STARTTLS", ADDRESS, "that of your mailbox"),
    ]
    assert answer["copied"] == host
    assert [link for link in answer["links"] if "?lang=" not in link] == [
        f"{PAGE}outlook.reg",
        f"{PAGE}outlook.zip",
    ]


@pytest.mark.parametrize(("name", "height"), [("iphone", 844), ("iphone-narrow", 568)])
def test_telephone_shows_the_button_for_the_profile_without_scrolling(
    seen: dict[str, dict[str, Any]], name: str, height: int
) -> None:
    answer = seen[name]["seen"][1]
    (link,) = [link for link in answer["links"] if "mobileconfig" in link]
    assert link == f"{PAGE}email.mobileconfig?email=o%27brien%2Bx@{DOMAIN}"
    (bottom,) = answer["bottoms"]
    assert bottom < height
    assert answer["codes"] == 0


@pytest.mark.parametrize("name", ["windows", "mac-dark", "linux", "iphone-from-computer"])
def test_computer_shows_a_code_for_the_iphone(seen: dict[str, dict[str, Any]], name: str) -> None:
    assert seen[name]["seen"][1]["codes"] == 1


def test_print_unfolds_all_and_has_no_buttons(seen: dict[str, dict[str, Any]]) -> None:
    answer = seen["windows-print"]["seen"][1]
    assert answer["bottoms"] == []
    assert "995" in answer["cells"]
    assert len(answer["cells"]) == 15


def test_unknown_domain(seen: dict[str, dict[str, Any]]) -> None:
    answer = seen["unknown"]["seen"][1]
    assert "knows no settings" in answer["text"]
    assert answer["cells"] == []


def test_dark_and_light_differ(seen: dict[str, dict[str, Any]]) -> None:
    light, dark = (seen[name]["seen"][0]["ground"] for name in ("iphone", "iphone-dark"))
    assert (light, dark) == ("rgb(245, 246, 248)", "rgb(16, 21, 28)")


def test_plain_http_leads_to_https(seen: dict[str, dict[str, Any]]) -> None:
    assert seen["http"]["seen"][0]["url"] == PAGE
