"""Runs in the Thunderbird container: look accounts up as Thunderbird's own assistant does.

``python3 -c SOURCE REQUEST`` with REQUEST as JSON: ``ca`` (PEM of the CA to trust), ``preferences``
(beside those below) and ``addresses``. It prints a JSON list: for each address the AccountConfig
that Thunderbird found, or null.

Thunderbird is driven by Marionette, its remote protocol: each message is a JSON array behind its
length and a colon (firefox-source-docs.mozilla.org/testing/marionette/Protocol.html).
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PREFERENCES = {
    # The test is about the domain's server: neither Mozilla's data base nor the start page.
    "mailnews.auto_config_url": "",
    "mailnews.start_page.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    # The test CA runs no revocation service.
    "security.OCSP.enabled": 0,
}
THUNDERBIRD = (
    "/usr/lib/thunderbird/thunderbird-bin",
    "--headless",
    "--no-remote",
    "--marionette",
    "--remote-allow-system-access",
)
PORT = 2828  # marionette.port's default
START_TIMEOUT = 60  # seconds
SCRIPT_TIMEOUT = 120  # seconds

# The confirmation of a redirect is answered as a user who trusts it does.
FIND = """
const [address] = arguments;
return (async () => {
  const { AccountConfig } = ChromeUtils.importESModule(
    "resource:///modules/accountcreation/AccountConfig.sys.mjs"
  );
  const { FindConfig } = ChromeUtils.importESModule(
    "resource:///modules/accountcreation/FindConfig.sys.mjs"
  );
  const lookup = FindConfig.parallelAutoDiscovery(
    address.split("@")[1], address, new AbortController().signal
  );
  let step = await lookup.next();
  while (!step.done) {
    step = await lookup.next({ acceptRedirect: true });
  }
  if (step.value) {
    AccountConfig.replaceVariables(step.value, "User", address);
  }
  return step.value && JSON.parse(JSON.stringify(step.value));
})();
"""


class Marionette:
    """A session with a Thunderbird that listens on this machine."""

    def __init__(self) -> None:
        """Connect; OSError when nothing listens within START_TIMEOUT seconds."""
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", PORT))
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self._socket.settimeout(SCRIPT_TIMEOUT)
        self._stream = self._socket.makefile("rb")
        self._receive()  # the greeting
        self.call("WebDriver:NewSession")
        self.call("Marionette:SetContext", value="chrome")
        self.call("WebDriver:SetTimeouts", script=SCRIPT_TIMEOUT * 1000)

    def _receive(self) -> Any:
        length = b""
        while (character := self._stream.read(1)) != b":":
            if not character:
                raise ConnectionError("Thunderbird closed the connection")
            length += character
        return json.loads(self._stream.read(int(length)))

    def call(self, command: str, **parameters: Any) -> Any:
        """Send a command and return its result; RuntimeError with Thunderbird's own message."""
        message = json.dumps([0, 1, command, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self._receive()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script with Thunderbird's own rights; return what its promise comes to."""
        return self.call(
            "WebDriver:ExecuteScript", script=script, args=arguments, sandbox="system"
        )["value"]


def make_profile(directory: Path, ca: str, preferences: dict[str, Any]) -> None:
    """Make a profile in an empty directory; CalledProcessError if the CA is no certificate."""
    certutil = ["certutil", "-d", f"sql:{directory}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    add = [*certutil, "-A", "-n", "lab", "-t", "C,,"]
    subprocess.run(add, input=ca, text=True, check=True)
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in preferences.items())
    (directory / "user.js").write_text("".join(lines))


def main() -> None:
    """Answer the request on the command line."""
    request = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        make_profile(Path(directory), request["ca"], PREFERENCES | request["preferences"])
        thunderbird = subprocess.Popen(
            [*THUNDERBIRD, "--profile", directory],
            # Its sandbox needs rights that a container lacks.
            env=os.environ | {"HOME": directory, "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
            stdout=sys.stderr,
        )
        try:
            marionette = Marionette()
            print(json.dumps([marionette.run(FIND, each) for each in request["addresses"]]))
        finally:
            thunderbird.kill()
            thunderbird.wait()


if __name__ == "__main__":
    main()
