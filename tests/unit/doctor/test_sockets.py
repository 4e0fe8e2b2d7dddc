from __future__ import annotations

import errno
import resource

import pytest

from mail_autoconfig.doctor.sockets import OwnTroubleError, allow_many, check_own


def test_own_trouble_is_none_of_a_domain() -> None:
    check_own(ConnectionRefusedError())
    for number in errno.EMFILE, errno.ENFILE:
        with pytest.raises(OwnTroubleError, match="too many open files"):
            check_own(OSError(number, "x"))
    outer = ValueError()
    outer.__cause__ = OSError(errno.EMFILE, "x")
    with pytest.raises(OwnTroubleError):
        check_own(outer)


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ((1024, 524288), (4096, 524288)),
        ((1024, resource.RLIM_INFINITY), (4096, resource.RLIM_INFINITY)),
        ((256, 2048), (2048, 2048)),
        ((8192, 524288), None),
        ((4096, 4096), None),
    ],
)
def test_limit_is_raised_as_far_as_it_may(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], raised: tuple[int, int] | None
) -> None:
    """Never lowered; the hard limit stays."""
    done: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda which, new: done.append((which, new)))
    allow_many()
    assert done == ([(resource.RLIMIT_NOFILE, raised)] if raised else [])


def test_limit_that_may_not_be_raised_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_which: int, _new: tuple[int, int]) -> None:
        raise ValueError("not allowed")

    monkeypatch.setattr(resource, "getrlimit", lambda _which: (64, 4096))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    allow_many()
