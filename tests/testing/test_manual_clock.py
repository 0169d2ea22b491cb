from __future__ import annotations

import asyncio

from overshoot.testing.manual_clock import ManualClock


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    clock, woken = ManualClock(), list[tuple[str, float]]()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper(*each)) for each in [("b", 2.0), ("a", 1.0), ("c", 9.0)]]
    await clock.until_sleepers(3)
    await clock.advance(5.0)
    assert woken == [("a", 1.0), ("b", 2.0)]
    assert clock.monotonic() == 5.0
    assert clock.sleepers == 1
    await clock.advance(4.0)
    await asyncio.gather(*tasks)
    assert woken[-1] == ("c", 9.0)


async def test_who_sleeps_again_is_woken_again() -> None:
    clock, ticks = ManualClock(), list[float]()

    async def ticker() -> None:
        while True:
            await clock.sleep(1.0)
            ticks.append(clock.monotonic())

    task = asyncio.create_task(ticker())
    await clock.until_sleepers(1)
    await clock.advance(3.5)
    assert ticks == [1.0, 2.0, 3.0]
    task.cancel()
    await asyncio.wait({task})
    assert clock.sleepers == 0


async def test_no_time_is_no_wait() -> None:
    clock = ManualClock()
    await clock.sleep(0.0)
    await clock.sleep(-1.0)


async def test_the_calendar_goes_with_time_and_may_jump() -> None:
    clock = ManualClock(monotonic=10.0, wall=1000.0)
    await clock.advance(2.0)
    clock.jump_wall(-500.0)
    assert (clock.monotonic(), clock.wall()) == (12.0, 502.0)
