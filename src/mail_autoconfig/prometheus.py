"""Figures in Prometheus's text format, for files that its node exporter reads.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Sample = tuple[Mapping[str, str], float]
"""Label -> its value, and the figure; it is written without decimals."""


def gauge(name: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    """The lines of one metric; `text` says on one line what it is."""
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        yield sample(name, labels, value)


def sample(name: str, labels: Mapping[str, str], value: float) -> str:
    """The line of one sample."""
    shown = ",".join(f'{key}="{label.translate(_ESCAPES)}"' for key, label in labels.items())
    return f"{name}{{{shown}}} {int(value)}" if shown else f"{name} {int(value)}"
