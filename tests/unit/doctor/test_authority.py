from __future__ import annotations

import asyncio
import ssl

from mail_autoconfig.doctor.authority import of_ones_own


def test_other_faults_are_not_asked_about() -> None:
    async def never(context: ssl.SSLContext) -> ssl.SSLObject:
        raise AssertionError(context)

    error = ssl.SSLCertVerificationError()
    error.verify_code = 10  # expired
    assert asyncio.run(of_ones_own(error, never)) is None
