from __future__ import annotations

import errno

import pytest

from mail_autoconfig.doctor.sockets import OwnTroubleError, check_own


def test_own_trouble_is_none_of_a_domain() -> None:
    check_own(ConnectionRefusedError())
    for number in errno.EMFILE, errno.ENFILE:
        with pytest.raises(OwnTroubleError, match="too many open files"):
            check_own(OSError(number, "x"))
    outer = ValueError()
    outer.__cause__ = OSError(errno.EMFILE, "x")
    with pytest.raises(OwnTroubleError):
        check_own(outer)
