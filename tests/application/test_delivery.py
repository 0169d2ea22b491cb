"""Callbacks: in order, one at a time, and whatever they do the stream goes on."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from overshoot.application.delivery import QUEUE_LIMIT, Delivery, error_delivery
from overshoot.errors import CallbackError, NetworkError, OvershootError


class Faults(list[CallbackError]):
    """A place for faults."""


def never(item: object) -> None:
    pytest.fail(f"called with {item!r}")


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_items_arrive_in_order_and_all_before_the_close() -> None:
    got: list[int] = []
    delivery = Delivery[int]("on_result", got.append, never)
    delivery.start()
    for number in range(10):
        delivery.put(number)
    await delivery.close(patience_seconds=5)
    assert got == list(range(10))
    assert delivery.dropped == 0


async def test_a_coroutine_is_awaited_before_the_next_item() -> None:
    happened: list[str] = []

    async def callback(number: int) -> None:
        happened.append(f"begin {number}")
        await asyncio.sleep(0)
        happened.append(f"end {number}")

    delivery = Delivery[int]("on_result", callback, never)
    delivery.start()
    delivery.put(1)
    delivery.put(2)
    await delivery.close(patience_seconds=5)
    assert happened == ["begin 1", "end 1", "begin 2", "end 2"]


async def test_a_returned_task_is_left_to_itself_and_its_failure_reported() -> None:
    faults = Faults()
    release = asyncio.Event()
    got: list[int] = []

    async def later(number: int) -> None:
        await release.wait()
        raise RuntimeError(f"late {number}")

    def callback(number: int) -> asyncio.Task[None]:
        got.append(number)
        return asyncio.get_running_loop().create_task(later(number))

    delivery = Delivery[int]("on_result", callback, faults.append)
    delivery.start()
    delivery.put(1)
    delivery.put(2)
    await settle()
    assert got == [1, 2], "the second is not held up by the first one's task"
    release.set()
    await settle()
    assert [fault.message for fault in faults] == [
        "on_result raised RuntimeError: late 1",
        "on_result raised RuntimeError: late 2",
    ]
    await delivery.close(patience_seconds=5)


async def test_a_returned_task_that_is_cancelled_is_no_fault() -> None:
    tasks: list[asyncio.Task[bool]] = []

    def callback(_: int) -> asyncio.Task[bool]:
        tasks.append(asyncio.get_running_loop().create_task(asyncio.Event().wait()))
        return tasks[-1]

    delivery = Delivery[int]("on_result", callback, never)
    delivery.start()
    delivery.put(1)
    await settle()
    tasks[0].cancel()
    await delivery.close(patience_seconds=5)


@pytest.mark.parametrize("as_coroutine", [False, True])
async def test_what_a_callback_raises_is_reported_and_delivery_goes_on(as_coroutine: bool) -> None:
    faults, got = Faults(), list[int]()

    def callback(number: int) -> Any:
        if number == 1:
            raise ValueError("no")
        got.append(number)

    async def coroutine(number: int) -> None:
        callback(number)

    delivery = Delivery[int]("on_result", coroutine if as_coroutine else callback, faults.append)
    delivery.start()
    for number in (1, 2):
        delivery.put(number)
    await delivery.close(patience_seconds=5)
    assert got == [2]
    assert [(fault.callback, type(fault.cause)) for fault in faults] == [("on_result", ValueError)]
    assert "ValueError: no" in faults[0].message


async def test_a_cancellation_inside_the_callback_does_not_end_delivery() -> None:
    faults, got = Faults(), list[int]()

    async def callback(number: int) -> None:
        if number == 1:
            inner = asyncio.get_running_loop().create_task(asyncio.sleep(60))
            inner.cancel()
            await inner
        got.append(number)

    delivery = Delivery[int]("on_result", callback, faults.append)
    delivery.start()
    for number in (1, 2):
        delivery.put(number)
    await delivery.close(patience_seconds=5)
    assert got == [2]
    assert len(faults) == 1


async def test_a_slow_callback_gets_the_newest_and_the_rest_is_counted() -> None:
    release = asyncio.Event()
    got: list[int] = []

    async def slow(number: int) -> None:
        got.append(number)
        await release.wait()

    delivery = Delivery[int]("on_result", slow, never)
    delivery.start()
    delivery.put(0)
    await settle()
    for number in range(1, QUEUE_LIMIT + 6):
        delivery.put(number)
    release.set()
    await delivery.close(patience_seconds=5)
    assert delivery.dropped == 5
    assert got == [0, *range(6, QUEUE_LIMIT + 6)]


async def test_a_callback_that_never_returns_is_cancelled_and_that_is_reported() -> None:
    faults = Faults()
    cancelled = asyncio.Event()

    async def stuck(_: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    delivery = Delivery[int]("on_result", stuck, faults.append)
    delivery.start()
    delivery.put(1)
    delivery.put(2)
    await delivery.close(patience_seconds=0.02)
    assert cancelled.is_set()
    assert len(faults) == 1
    assert "1 more were not delivered" in faults[0].message


async def test_closing_what_was_never_started_is_nothing() -> None:
    await Delivery[int]("on_result", never, never).close(patience_seconds=5)


async def test_a_failure_after_the_close_reaches_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = error_delivery(never)
    errors.start()
    await errors.close(patience_seconds=5)
    with caplog.at_level(logging.WARNING, "overshoot"):
        errors.put(NetworkError("too late"))
    assert "too late" in caplog.text
    assert errors.dropped == 1


async def test_calling_is_true_in_the_callback_alone() -> None:
    seen: list[bool] = []
    delivery = Delivery[int]("on_result", lambda _: seen.append(delivery.calling), never)
    delivery.start()
    delivery.put(1)
    await delivery.close(patience_seconds=5)
    assert seen == [True]
    assert not delivery.calling


async def test_errors_without_a_callback_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    errors = error_delivery(None)
    errors.start()
    with caplog.at_level(logging.WARNING, "overshoot"):
        errors.put(NetworkError("cable cut"))
        await errors.close(patience_seconds=5)
    assert "cable cut" in caplog.text


async def test_an_error_callback_that_raises_is_logged_and_not_called_with_its_own_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    got: list[OvershootError] = []

    def callback(error: OvershootError) -> None:
        got.append(error)
        raise RuntimeError("worse")

    errors = error_delivery(callback)
    errors.start()
    with caplog.at_level(logging.WARNING, "overshoot"):
        errors.put(NetworkError("bad"))
        await errors.close(patience_seconds=5)
    assert [error.message for error in got] == ["bad"]
    assert "on_error raised RuntimeError: worse" in caplog.text
