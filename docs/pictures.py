"""Make docs/pictures/page.png: the page for people, as the program serves it to Chromium.

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
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/pictures/page.png"
HOST = "autoconfig.example.com"
ADDRESS = "ada@example.com"
CONFIGURATION = {
    "providers": {
        "example": {
            "display_name": "Example Ltd",
            "servers": [
                {"type": "imap", "host": "mail.example.com", "security": "tls"},
                {"type": "smtp", "host": "mail.example.com", "security": "starttls"},
            ],
        }
    },
    "domains": [{"name": "example.com", "provider": "example"}],
}
IMAGE = "autoconfig-lab/chromium"
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
    visit |= {"scheme": "light", "size": "picture"}
    printed = in_container(
        ["--network", "host", "--add-host", f"{HOST}:127.0.0.1"],
        ["python3", "-c", (ROOT / "tests/e2e/chromium.py").read_text("utf-8")],
        json.dumps({"visits": [visit]}).encode(),
    )
    (seen,) = json.loads(printed)
    return base64.b64decode(seen["seen"][-1]["picture"])


def main() -> None:
    """Write the picture."""
    subprocess.run([sys.executable, ROOT / "tests/lab/images.py", "chromium"], check=True)
    with served(CONFIGURATION) as port:
        large = taken(port)
    picture = in_container([], ["pngquant", "--speed", "1", "--strip", str(COLOURS), "-"], large)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(picture)
    print(f"{PICTURE.relative_to(ROOT)}: {len(picture)} bytes")


if __name__ == "__main__":
    main()
