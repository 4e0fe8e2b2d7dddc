from __future__ import annotations

from mail_autoconfig.store.entry import Entry


def test_a_domain_without_log_in_names() -> None:
    assert Entry("example.com", "customers", {}).logins == {}
