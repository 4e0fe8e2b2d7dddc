from __future__ import annotations

import pytest

from mail_autoconfig.imports.draft import SourceError
from mail_autoconfig.imports.php import read

from .ends import by_config, by_pox, inventory, rendered
from .test_pox import answer, protocol

USER = "anna@example.com"
DOMAINS = ("example.com",)
# What each script answers to anna@example.com:
ANSWER = answer(protocol("IMAP", 993) + protocol("SMTP", 465))


def template(login: str, server: str = "mail.example.net", imap_port: str = "993") -> str:
    """The answer with code in the place of what a script fills in."""
    xml = ANSWER.decode().replace(USER, login).replace("mail.example.net", server)
    return xml.replace(">993<", f">{imap_port}<")


READ = (
    '<?php $data = file_get_contents("php://input");\npreg_match("/x(.*?)y/", $data, $matches);\n'
)
HEAD = 'header("Content-Type: text/xml"); echo \'<?xml version="1.0"?>\'; ?>\n'
SCRIPTS = {
    "echo": READ + HEAD + template("<?php echo $matches[1]; ?>"),
    "short echo": READ + HEAD + template("<?= htmlspecialchars($matches[1]) ?>"),
    "variables": READ
    + "$email = $matches[1];\n$imapServer = 'mail.example.net'; // a comment; 'x'\n"
    + "$imapPort = 993;\n$imapSSL = true;\n"
    + HEAD
    + template(
        "<?php echo $email; ?>", "<?php echo $imapServer; ?>", "<?php echo $imapPort; ?>"
    ).replace("<SSL>on</SSL>", "<SSL><?php echo ($imapSSL === true) ? 'on' : 'off'; ?></SSL>"),
    "constants": READ
    + 'define("HOST", "mail.example.net");\n'
    + HEAD
    + template("<?=$matches[1]?>", "<?=HOST?>"),
    "double quotes": READ
    + '$host = "mail.example.net";\necho "'
    + template("$matches[1]", "{$host}").replace('"', '\\"')
    + '";',
    "joined": READ
    + "$host = 'mail.example.net';\necho '"
    + template("' . $matches[1] . '", "'.$host.'")
    + "';",
    "lines": READ
    + "".join(
        f"echo '{line}';\n"
        for line in template("' . $matches[1] . '").replace("><", ">\n<").split("\n")
    ),
    "heredoc": READ
    + "$email = $matches[1] ?? \"\";\n$host = 'mail.example.net';\necho <<<XML\n"
    + template("{$email}", "$host")
    + "\nXML;\n",
    "isset": READ
    + "$login = isset($matches[1]) ? $matches[1] : '';\n"
    + HEAD
    + template("<?= $login ?>"),
    "simplexml": "<?php $email = (string) $request->Request->EMailAddress; ?>"
    + template("<?php echo trim($email); ?>"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_with_the_address_as_log_in_name(name: str) -> None:
    """Round trip: Outlook ends with what the script answered, for each address."""
    source = read(SCRIPTS[name].encode(), DOMAINS)
    config, pox = rendered(inventory(source), USER)
    assert by_pox(pox, USER) == by_pox(ANSWER, USER)
    assert {each.username for each in by_config(config, "otto@example.com")} == {"otto@example.com"}
    assert source.left == ()


@pytest.mark.parametrize(
    "code",
    [
        "<?php echo explode('@', $matches[1])[0]; ?>",
        "<?= strstr($email, '@', true) ?>",
        "<?php echo substr($email, 0, strrpos($email, '@')); ?>",
        "<?php echo current(explode('@', $email)); ?>",
        "<?php echo $parts[0]; ?>",
        "<?php list($user, $domain) = explode('@', $email); ?>",
    ],
)
def test_log_in_name_that_is_the_local_part(code: str) -> None:
    if "list" in code:
        script = f"{code}\n" + template("<?php echo $user; ?>")
    else:
        script = "<?php $parts = explode('@', $email); ?>" + template(code)
    found = inventory(read(script.encode(), DOMAINS)).domains["example.com"].settings
    assert {each.username for each in found.servers} == {"{localpart}"}


def test_what_only_running_it_could_tell_is_said() -> None:
    script = template("<?=$matches[1]?>").replace(">993<", "><?php echo port_of($db); ?><")
    source = read(script.encode(), DOMAINS)
    assert source.left[0].startswith("PHP's port_of($db): not worked out")
    assert inventory(source).domains["example.com"].settings.servers[0].port == 993


def test_conditions_are_said() -> None:
    script = template("<?=$matches[1]?>").replace("<Protocol>", "<?php if ($x) { ?><Protocol>", 1)
    source = read(script.encode(), DOMAINS)
    assert source.left == ("PHP's if: what is below it is taken in any case",)
    assert len(inventory(source).domains["example.com"].settings.servers) == 2


def test_nothing_is_run() -> None:
    """A variable of itself, and what looks like a shell."""
    script = "<?php $a = $b; $b = $a; $c = `touch /x`; ?>" + template("<?=$a?>", "<?=$c?>")
    with pytest.raises(SourceError, match="names no domain"):
        read(script.encode())


def test_no_answer_in_it() -> None:
    with pytest.raises(SourceError, match="no <Autodiscover>"):
        read(b"<?php phpinfo();")
