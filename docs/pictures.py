"""Make the pictures: the page for people, as Chromium shows it, and a report of the doctor.

Needs a container engine (`make pictures` sees to it). The address is an example.
"""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mail_autoconfig.doctor.catalogue import finding
from mail_autoconfig.doctor.data import Outcome, Report, Setting
from mail_autoconfig.doctor.output_html import page

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/pictures/page.png"
REPORT = ROOT / "docs/pictures/doctor.png"
HOST = "autoconfig.example.com"
ADDRESS = "ada@example.com"
CONFIGURATION = {
    "providers": {
        "example": {
            "display_name": "Example Ltd",
            "contact": {"name": "Example IT", "email": "help@example.com"},
            "servers": [
                {"type": "imap", "host": "mail.example.com", "security": "tls"},
                {"type": "smtp", "host": "mail.example.com", "security": "starttls"},
            ],
        }
    },
    "domains": [{"name": "example.com", "provider": "example"}],
}
IMAGE = "autoconfig-lab/chromium"
SCREENSHOT = (
    "chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1000,950 "
    "--force-device-scale-factor=2 --screenshot=/tmp/r.png"
)
COLOURS = 64
PATIENCE = 20  # seconds until the program answers


@contextmanager
def served(configuration: dict[str, Any]) -> Iterator[int]:
    """Run `mail-autoconfig serve` and yield its port, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "config.json")
        file.write_text(json.dumps(configuration), "utf-8")
        command = [sys.executable, "-m", "mail_autoconfig", "serve", "--port", str(port), str(file)]
        with subprocess.Popen(command, cwd=ROOT / "src") as program:
            try:
                answers(port)
                yield port
            finally:
                program.terminate()


def answers(port: int) -> None:
    """Wait until something listens; TimeoutError after `PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers at port {port}")


def in_container(options: list[str], command: list[str], data: bytes) -> bytes:
    """Run a command in Chromium's container and return what it prints."""
    docker = ["docker", "run", "--rm", "--interactive", *options, IMAGE, *command]
    return subprocess.run(docker, input=data, stdout=subprocess.PIPE, check=True).stdout


def taken(port: int) -> bytes:
    """What Chromium shows of the settings, as a PNG of two dots a pixel."""
    visit = {"url": f"http://{HOST}:{port}/", "address": ADDRESS, "language": "en"}
    visit |= {"scheme": "light", "size": "picture", "device": "windows"}
    printed = in_container(
        ["--network", "host", "--add-host", f"{HOST}:127.0.0.1"],
        ["python3", "-c", (ROOT / "tests/e2e/chromium.py").read_text("utf-8")],
        json.dumps({"visits": [visit]}).encode(),
    )
    (seen,) = json.loads(printed)
    return base64.b64decode(seen["seen"][-1]["picture"])


def report() -> bytes:
    """What Chromium shows of a report of the doctor, as a PNG of two dots a pixel."""
    settings = tuple(
        Setting(type_, "mail.example.com", port, "tls", ADDRESS)
        for type_, port in (("imap", 993), ("smtp", 465))
    )
    own = "https://autoconfig.example.com/mail/config-v1.1.xml"
    outcomes = (
        Outcome("outlook", "Outlook (classic)", "fails", "POST: status 405", gravity="error"),
        Outcome(
            "thunderbird", "Thunderbird", "found", f"finds settings at {own}", "", own, settings
        ),
    )
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    url = "https://autodiscover.example.com/autodiscover/autodiscover.xml"
    found = finding("web-post-refused", url, status=405), finding("dns-no-mx", "example.com")
    ends = {"imap mail.example.com:993": now + timedelta(days=64)}
    html = page([Report("example.com", ADDRESS, outcomes, found, 1.5, ends)], now).encode()
    return in_container(
        [],
        ["sh", "-c", f"cat > /tmp/r.html; {SCREENSHOT} file:///tmp/r.html >&2; cat /tmp/r.png"],
        html,
    )


def keep(picture: Path, large: bytes) -> None:
    """Write a picture, in fewer colours."""
    small = in_container([], ["pngquant", "--speed", "1", "--strip", str(COLOURS), "-"], large)
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(small)
    print(f"{picture.relative_to(ROOT)}: {len(small)} bytes")


def main() -> None:
    """Write the pictures."""
    subprocess.run([sys.executable, ROOT / "tests/lab/images.py", "chromium"], check=True)
    with served(CONFIGURATION) as port:
        keep(PICTURE, taken(port))
    keep(REPORT, report())


if __name__ == "__main__":
    main()
