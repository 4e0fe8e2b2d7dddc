"""What `mail-autoconfig sources …` does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from ..store.entry import Entry
    from .runs import Runs


def update(options: argparse.Namespace) -> int:
    """Read what is due; 1 if the store can't be written."""
    runs = _runs(options, options.accept)
    if options.wait is None:
        return _done(runs.once)
    _prepare(runs)
    return _done(lambda: runs.until_complete(options.wait))


def keep(options: argparse.Namespace) -> int:
    """Read again and again until SIGTERM; 1 if that can't begin."""
    runs = _runs(options)
    _prepare(runs)
    return _done(runs.keep)


def _runs(options: argparse.Namespace, accepted: Sequence[str] = ()) -> Runs:
    from . import secrets
    from .runs import Runs
    from .update import Paths

    paths = Paths(
        options.settings,
        options.configuration,
        options.secrets or secrets.usual_path(),
        options.store,
        options.state,
        options.metrics,
    )
    return Runs(paths, accepted)


def _prepare(runs: Runs) -> None:
    """Do for a container what the role and systemd do for a host."""
    from .runs import end_at_sigterm

    end_at_sigterm()
    with suppress(OSError):  # what is not there is said by the run
        runs.paths.state.mkdir(0o700, exist_ok=True)
        runs.paths.store.parent.mkdir(0o750, exist_ok=True)


def _done(run: Callable[[], bool | None]) -> int:
    from ..inventory.fields import ConfigurationError

    try:
        return 0 if run() else 1
    except ConfigurationError as error:
        return _refused(error.problems)
    except OSError as error:
        return _refused([str(error)])


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
    """Print how each source stands; 1 if something is wrong with one, or one was never read."""
    import json
    import time
    from dataclasses import asdict

    from . import names, report

    last = report.current(options.state, time.time())
    in_nginx = names.load(options.names)
    if options.json:
        print(json.dumps(asdict(last) | ({"names": in_nginx.to_json()} if in_nginx else {})))
    else:
        for name, state in last.sources.items():
            print(report.summary(name, state))
            print(*(f"  {line}\n" for line in report.details(state)), sep="", end="")
        problems = [*last.problems, *(in_nginx.details() if in_nginx else ())]
        print(*(f"{line}\n" for line in problems), sep="", end="")
    if options.complete:
        return int(not last.time or bool(_never_read(options.state)))
    wrong = last.problems or (in_nginx and in_nginx.problem)
    return int(bool(wrong) or any(each.problem or not each.read for each in last.sources.values()))


def check(options: argparse.Namespace) -> int:
    """Say how many sources a file of settings has. Raises ConfigurationError."""
    from . import definitions, inventory, settings

    sources = settings.load(options.file)
    if options.configuration:
        definitions.check(sources, inventory.load(options.configuration))
    count = len(sources)
    print(f"{options.file.name}: {count} source{'s' * (count != 1)}, all right")
    return 0


def check_inventory(file: Path) -> int:
    """Check the sources in an inventory's file; their number. Raises ConfigurationError."""
    from . import definitions, inventory, settings

    # Most files have none, and need not be read twice.
    if not file.exists() or b"autoconfig_sources" not in file.read_bytes():
        return 0
    found = inventory.read(file)
    sources = settings.parse(found.raw_sources or [])
    definitions.check(sources, found)
    return len(sources)


def _refused(lines: Iterable[str]) -> int:
    for line in lines:
        print(f"sources: {line}", file=sys.stderr)
    return 1
