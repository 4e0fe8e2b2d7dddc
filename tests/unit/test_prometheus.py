from __future__ import annotations

from mail_autoconfig.prometheus import gauge


def test_gauge() -> None:
    samples = [({}, 1.9), ({"a": 'x"\\\n', "b": "y"}, 2.0)]
    assert list(gauge("name", "What it is.", samples)) == [
        "# HELP name What it is.",
        "# TYPE name gauge",
        "name 1",
        r'name{a="x\"\\\n",b="y"} 2',
    ]
