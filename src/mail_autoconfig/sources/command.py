"""What `mail-autoconfig sources …` does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from ..store.entry import Entry


def update(options: argparse.Namespace) -> int:
    """Do one run; 1 if the store can't be written. Raises ConfigurationError."""
    import time

    from ..inventory.fields import ConfigurationError
    from . import secrets, settings
    from .privileges import become_owner
    from .report import summary
    from .update import Paths
    from .update import update as run

    paths = Paths(
        options.settings, options.configuration, options.store, options.state, options.metrics
    )
    try:
        known = [source.name for source in settings.load(options.settings)]
        for name in options.accept:
            if name not in known:
                raise ConfigurationError([f"no source {name}; there are: {', '.join(known)}"])
        kept = secrets.load(options.secrets or secrets.usual_path())
        become_owner(options.state)
        before, found = run(paths, kept, options.accept, time.time)
    except ConfigurationError as error:
        return _refused(error.problems)
    except OSError as error:
        return _refused([str(error)])
    for name, state in found.sources.items():
        if not state.problem:
            print(summary(name, state))
    for line in found.lines(before):
        print(line, file=sys.stderr)
    return 1 if found.problems else 0


def show_domains(options: argparse.Namespace) -> int:
    """Print the domains of the store; 1 if there is none yet, which is not to have no domain."""
    import json
    from itertools import islice

    from ..store.file import StoreError
    from ..store.join import FEW, step
    from ..store.read import Store

    if not options.store.exists():
        return _refused([f"{options.store.name}: there is none yet"])
    if options.complete and (unread := _never_read(options.state)):
        return _refused([f"{', '.join(unread)}: never read"])
    try:
        store = Store(options.store)
        each_of = step(sum(1 for _name in store.names()), FEW) if options.some else 1
        entries = islice(store.entries(), 0, None, each_of)
        if options.json:
            print(json.dumps([_shown(each) for each in entries]))
        else:
            for each in entries:
                print(each.name, each.source)
    except (StoreError, OSError) as error:
        return _refused([f"{options.store.name}: {error}"])
    return 0


def _never_read(state: Path) -> list[str]:
    from . import report

    return [name for name, each in report.load(state).sources.items() if not each.read]


def _shown(entry: Entry) -> dict[str, Any]:
    """`definition` is an entry as an inventory has it."""
    definition = {"name": entry.name, **entry.definition}
    return {"domain": entry.name, "source": entry.source, "definition": definition}


def show_status(options: argparse.Namespace) -> int:
    """Print how each source stands; 1 if something is wrong with one."""
    import json
    from dataclasses import asdict

    from . import report

    last = report.load(options.state)
    if options.json:
        print(json.dumps(asdict(last)))
    else:
        for name, state in last.sources.items():
            print(report.summary(name, state))
            print(*(f"  {line}\n" for line in report.details(state)), sep="", end="")
        print(*(f"{line}\n" for line in last.problems), sep="", end="")
    return int(bool(last.problems) or any(each.problem for each in last.sources.values()))


def check(options: argparse.Namespace) -> int:
    """Say how many sources a file of settings has. Raises ConfigurationError."""
    from . import definitions, inventory, settings

    sources = settings.load(options.file)
    if options.configuration:
        definitions.check(sources, inventory.load(options.configuration))
    count = len(sources)
    print(f"{options.file.name}: {count} source{'s' * (count != 1)}, all right")
    return 0


def _refused(lines: Iterable[str]) -> int:
    for line in lines:
        print(f"sources: {line}", file=sys.stderr)
    return 1
