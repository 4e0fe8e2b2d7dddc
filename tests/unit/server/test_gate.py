from __future__ import annotations

import asyncio

import pytest

from mail_autoconfig.server.gate import BusyError, Gate


def test_gate() -> None:
    async def run() -> None:
        gate, release, inside = Gate(1, 2), asyncio.Event(), []

        async def work(number: int) -> None:
            async with gate.place():
                inside.append(number)
                await release.wait()

        tasks = [asyncio.create_task(work(number)) for number in range(3)]
        await asyncio.sleep(0)
        assert inside == [0]
        with pytest.raises(BusyError):
            await work(3)
        tasks[1].cancel()  # a client that leaves gives its place back
        await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(work(4)))
        release.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert inside == [0, 2, 4]

    asyncio.run(run())
