"""Another responder against this one, with one worker and one domain each, in turns.

    python3 -m bench.peer PORT PROCESS

The other one runs already, on 127.0.0.1, and has the domain d0.example.test. It runs in the
directory above, and needs the program on its path, Jinja and wrk.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.nginx import GET, compare
from bench.responder import ASK, Served, family, plain, wrk

KINDS = (("POX", ASK % 1, "2"), ("GET", GET, "1.5"))


def main() -> None:
    """Print the ratios."""
    port, process = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as place:
        own = Served(Path(place) / "own", plain(1))
        with own.running():
            for what, text, wanted in KINDS:
                script = Path(place) / "wrk.lua"
                script.write_text(text)
                compare(
                    f"{what} / the other",
                    lambda: wrk(script, f"http://127.0.0.1:{own.port}/", own.family()),  # noqa: B023
                    lambda: wrk(script, f"http://127.0.0.1:{port}/", family(process)),  # noqa: B023
                    wanted,
                )


if __name__ == "__main__":
    main()
