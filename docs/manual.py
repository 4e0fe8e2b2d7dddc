"""Write the man page and bash's completion of mail-autoconfig; with --check, compare.

Both are made from the parser that reads the command line, so that they are the same on each
Python: argparse itself writes its help a little differently from one version to the next.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mail_autoconfig import __version__
from mail_autoconfig.cli import parser

ROOT = Path(__file__).parents[1]
FILES = ROOT / "roles/responder/files"
MANUAL = FILES / "mail-autoconfig.1"
COMPLETION = FILES / "mail-autoconfig.bash"
PROGRAM = "mail-autoconfig"
HEAD = r""".\" Made by docs/manual.py (make docs) from the program's parser.
.TH MAIL-AUTOCONFIG 1 "" "mail-autoconfig {version}" "User Commands"
.SH NAME
mail\-autoconfig \- automatic set\-up of mail clients for mail domains
.SH SYNOPSIS
.B mail\-autoconfig
.I COMMAND
.RI [ ARGUMENT ...]
.SH DESCRIPTION
Answers Outlook, Thunderbird and other mail clients that look for the settings of an address,
orders the certificates that they see, shows the DNS records that lead them here, and asks as they
ask, to say what is wrong. Each command has
.BR \-\-help .
.SH COMMANDS
"""
TAIL = r""".SH EXIT STATUS
.TP
0
All is right.
.TP
1
Something is wrong, as said; from
.B doctor
warnings.
.TP
2
The call is wrong; from
.B doctor
also errors.
.SH FILES
.TP
.I /etc/mail\-autoconfig/config.json
The configuration that the service answers from.
.TP
.I /etc/mail\-autoconfig/certificates.json
Which name is on which certificate.
.SH EXAMPLES
.TP
.B mail\-autoconfig doctor user@example.com
What each mail client finds for this address, and what to do first.
.TP
.B mail\-autoconfig certificates \-\-check
What the next run would order.
.TP
.B mail\-autoconfig dns \-\-address 192.0.2.1 /etc/mail\-autoconfig/config.json
The DNS records of all domains.
.SH SEE ALSO
.BR nginx (8),
.BR certbot (1)
"""
BASH = """# Made by docs/manual.py (make docs) from the program's parser.
_mail_autoconfig() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} path='' word
    COMPREPLY=()
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$path $word" in
{commands}
        esac
    done
    local words='' files=''
    case "$path" in
{words}
    esac
    case "$path $previous" in
{values}
    esac
    # shellcheck disable=SC2207
    [ -z "$words" ] || COMPREPLY=($(compgen -W "$words" -- "$current"))
    if [ -n "$files" ] && [ "${{current#-}}" = "$current" ]; then
        compopt -o filenames 2>/dev/null
        # shellcheck disable=SC2207
        COMPREPLY+=($(compgen -f -- "$current"))
    fi
}}
complete -F _mail_autoconfig mail-autoconfig
"""


@dataclass
class Command:
    """A command, or one below a command: its words, what it is for, what it takes."""

    path: str
    about: str
    options: list[argparse.Action] = field(default_factory=list)
    arguments: list[argparse.Action] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


def commands(of: argparse.ArgumentParser, path: str = "", about: str = "") -> Iterator[Command]:
    """Yield a parser's command, then those below it, in order."""
    command = Command(path, about)
    below: list[Command] = []
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {each.dest: each.help or "" for each in action._choices_actions}
            command.below = list(action.choices)
            for name, each in action.choices.items():
                below += commands(each, f"{path} {name}".strip(), helps[name])
        elif action.help == argparse.SUPPRESS:
            continue
        elif action.option_strings:
            command.options.append(action)
        else:
            command.arguments.append(action)
    return iter([command, *below])


def takes_value(action: argparse.Action) -> bool:
    """Whether an option is followed by a value."""
    return action.nargs != 0


def value_name(action: argparse.Action) -> str:
    """How the value of an option, or an argument, is called."""
    if action.choices:
        return "|".join(map(str, action.choices))
    return str(action.metavar or (action.dest.upper() if action.option_strings else action.dest))


def text(words: str) -> str:
    """Escape a text for troff."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def help_of(action: argparse.Action) -> str:
    """What an option or an argument is for, with its default."""
    return ((action.help or "") % {"default": action.default}).strip()


def entry(action: argparse.Action) -> str:
    """An option or an argument as an item of the man page."""
    value = f"\\fI{text(value_name(action))}\\fR"
    if not action.option_strings:
        head = f"[{value} ...]" if action.nargs == "*" else value
        head = f"[{value}]" if action.nargs == "?" else head
    else:
        names = ", ".join(f"\\fB{text(name)}\\fR" for name in action.option_strings)
        head = f"{names} {value}" if takes_value(action) else names
    return f".TP\n{head}\n{text(help_of(action))}\n".replace("\n\n", "\n")


def manual() -> str:
    """The man page."""
    made = [HEAD.format(version=__version__)]
    for command in commands(parser()):
        if not command.path:
            continue
        made.append(f".SS {PROGRAM} {command.path}\n".replace("-", "\\-"))
        about = command.about[:1].upper() + command.about[1:]
        made.append(f"{text(about)}.\n")
        actions = [*command.arguments, *(each for each in command.options if each.dest != "help")]
        made += map(entry, actions)
    return "".join([*made, TAIL])


def is_file(action: argparse.Action) -> bool:
    """Whether a value is a path."""
    return action.type is Path


def completion() -> str:
    """Bash's completion: the words at each place, and where there is a file."""
    walk, words, values = [], [], []
    for command in commands(parser()):
        names = [name for option in command.options for name in option.option_strings]
        choices = [str(c) for each in command.arguments for c in each.choices or ()]
        files = "files=1 " if any(map(is_file, command.arguments)) else ""
        said = " ".join([*command.below, *choices, *names])
        words.append(f"        '{command.path}') words='{said}' {files};;")
        walk += [
            f"            '{command.path} {name}') path='{f'{command.path} {name}'.strip()}' ;;"
            for name in command.below
        ]
        for option in filter(takes_value, command.options):
            where = " | ".join(f"'{command.path} {name}'" for name in option.option_strings)
            offered = " ".join(map(str, option.choices or ()))
            files = "1" if is_file(option) else ""
            values.append(f"        {where}) words='{offered}' files={files} ;;")
    parts = {"commands": walk, "words": words, "values": values}
    return BASH.format(**{name: "\n".join(lines) for name, lines in parts.items()})


def main() -> int:
    """Return 1, with --check, if a file differs."""
    made = {MANUAL: manual(), COMPLETION: completion()}
    different = [
        path for path, new in made.items() if not path.exists() or path.read_text("utf-8") != new
    ]
    if sys.argv[1:] == ["--check"]:
        for path in different:
            print(f"{path} is not what the program's parser says; run: make docs", file=sys.stderr)
        return int(bool(different))
    FILES.mkdir(exist_ok=True)
    for path in different:
        path.write_text(made[path], "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
