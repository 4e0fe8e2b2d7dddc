from __future__ import annotations


def test_lines() -> None:
    from ansible_collections.mailhost.autoconfig.plugins.modules.certificates import lines

    report = {
        "orders": ["a: ordered"],
        "waiting": ["b: waits"],
        "left_out": {"c.test": "no record"},
        "held": {"d.test": "no record; until then"},
    }
    assert lines(report) == [
        "a: ordered",
        "b: waits",
        "left out: c.test: no record",
        "waits for d.test: no record; until then",
    ]
