"""Runs in the Thunderbird container, and lets Thunderbird's own assistant find settings.

``python3 -c SOURCE PROFILE`` with PROFILE as JSON: ``authorities`` (PEM of the CAs to trust) and
``preferences`` (beside those below). Each line of standard input is a question, answered by a line
of JSON: ``["find", ADDRESS]`` by the AccountConfig that Thunderbird found, with the hosts that it
``asked`` the user about, or null;
``["set_up", ADDRESS, PASSWORD]``, which clicks through the assistant, by the settings that it
showed (``found``), the accounts that it made (``accounts``), and ``screenshots`` (name → PNG in
base64).

Thunderbird is driven by Marionette, its remote protocol: each message is a JSON array behind its
length and a colon (firefox-source-docs.mozilla.org/testing/marionette/Protocol.html).
"""

import json
import os
import re
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
STEP_TIMEOUT = 40  # seconds from one step of the assistant to the next

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
  const asked = [];
  while (!step.done) {
    asked.push(step.value.host);
    step = await lookup.next({ acceptRedirect: true });
  }
  if (step.value) {
    AccountConfig.replaceVariables(step.value, "User", address);
  }
  return step.value && { ...JSON.parse(JSON.stringify(step.value)), asked };
})();
"""

# The assistant's elements stand in shadow trees. ``step`` is what the user sees of it.
PAGE = """
const find = (selector, root = document) => {
  let found = root.querySelector(selector);
  for (const element of root.querySelectorAll("*")) {
    found ||= element.shadowRoot && find(selector, element.shadowRoot);
  }
  return found;
};
const step = () => find(".account-hub-step:not([hidden])")?.id;
const type = (selector, text) => {
  const input = find(selector);
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
};
"""
SHOWN = """
return ["incomingType", "incomingHost", "incomingPort", "outgoingHost", "outgoingPort"].map(
  id => find("#" + id).textContent.trim()
);
"""
ACCOUNTS = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { accounts } = MailServices.accounts;
return accounts.filter(({ defaultIdentity }) => defaultIdentity).map(account => {
  const incoming = account.incomingServer;
  const outgoing = MailServices.outgoingServer.getServerByIdentity(account.defaultIdentity);
  return [
    account.defaultIdentity.email,
    [incoming.type, incoming.hostname, incoming.port, incoming.socketType, incoming.username],
    [
      outgoing.type,
      outgoing.serverURI.host,
      outgoing.serverURI.port,
      outgoing.socketType,
      outgoing.username,
    ],
  ];
});
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


class Assistant:
    """The account assistant (Account Hub) in Thunderbird's window, used as a person does."""

    def __init__(self, marionette: Marionette) -> None:
        """Open it."""
        self._marionette = marionette
        self._screenshots: dict[str, str] = {}
        self._wait_for("window.openAccountHub && document.readyState == 'complete'")
        self._run("find('#realName') || window.openAccountHub('MAIL')")
        self._wait_for("find('#realName') && step() == 'emailAutoConfigSubview'")

    def _run(self, script: str, *arguments: Any) -> Any:
        return self._marionette.run(PAGE + script, *arguments)

    def _wait_for(self, condition: str) -> None:
        deadline = time.monotonic() + STEP_TIMEOUT
        while not self._run(f"return !!({condition})"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"at {self._run('return step()')}, not yet {condition}")
            time.sleep(0.1)

    def _continue(self, *steps: str) -> None:
        self._wait_for("!find('#emailFooter #forward').disabled")
        self._run("find('#emailFooter #forward').click()")
        self._wait_for(f"{json.dumps(steps)}.includes(step())")

    def _photograph(self, name: str) -> None:
        taken = self._marionette.call("WebDriver:TakeScreenshot", full=False)
        self._screenshots[name] = taken["value"]

    def set_up(self, address: str, password: str) -> dict[str, Any]:
        """Make an account; TimeoutError, with the step, where none follows it."""
        self._run("type('#realName', 'User Name'); type('#email', arguments[0])", address)
        self._continue("emailConfigFoundSubview")
        self._photograph("found")
        found = self._run(SHOWN)
        self._continue("emailPasswordSubview")
        self._run("type('#password', arguments[0])", password)
        self._continue("emailSyncAccountsSubview", "emailAddedSuccessSubview")
        self._photograph("done")
        accounts = self._run(ACCOUNTS)
        return {"found": found, "accounts": accounts, "screenshots": self._screenshots}


def make_profile(directory: Path, authorities: str, preferences: dict[str, Any]) -> None:
    """Make a profile in an empty directory; CalledProcessError if a CA is no certificate."""
    certutil = ["certutil", "-d", f"sql:{directory}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    for number, pem in enumerate(
        re.findall("-----BEGIN.*?END CERTIFICATE-----", authorities, re.S)
    ):
        add = [*certutil, "-A", "-n", f"lab {number}", "-t", "C,,"]
        subprocess.run(add, input=pem, text=True, check=True)
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in preferences.items())
    (directory / "user.js").write_text("".join(lines))


def answer(marionette: Marionette, question: str, *arguments: str) -> Any:
    """Answer one question."""
    if question == "find":
        return marionette.run(FIND, *arguments)
    return Assistant(marionette).set_up(*arguments)


def main() -> None:
    """Start Thunderbird; answer until the questions end."""
    profile = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        preferences = PREFERENCES | profile["preferences"]
        make_profile(Path(directory), profile["authorities"], preferences)
        thunderbird = subprocess.Popen(
            [*THUNDERBIRD, "--profile", directory],
            # Its sandbox needs rights that a container lacks.
            env=os.environ | {"HOME": directory, "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
            stdout=sys.stderr,
        )
        try:
            marionette = Marionette()
            for line in sys.stdin:
                print(json.dumps(answer(marionette, *json.loads(line))), flush=True)
        finally:
            thunderbird.kill()
            thunderbird.wait()


if __name__ == "__main__":
    main()
