from __future__ import annotations


def test_certified() -> None:
    from ansible_collections.mailhost.autoconfig.plugins.action.certificate_groups import certified

    printed = (
        "@ mail-autoconfig\nX509v3 Subject Alternative Name: \n    DNS:b.test, DNS:a.test\n"
        "@ mail-autoconfig-2\nNo extensions in certificate\n"
    )
    assert certified(printed) == {
        "mail-autoconfig": ["b.test", "a.test"],
        "mail-autoconfig-2": [],
    }
