"""Certificates that are their own root, as files."""

from __future__ import annotations

import subprocess
from pathlib import Path

_NEW = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90"


def certify(directory: Path, *names: str, file: str = "cert.pem") -> None:
    """Make a certificate with these names, and `privkey.pem`, in a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    command = [*_NEW.split(), "-subj", "/CN=x"]
    if names:
        command += ["-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)]
    command += ["-keyout", str(directory / "privkey.pem"), "-out", str(directory / file)]
    subprocess.run(command, check=True, capture_output=True)
