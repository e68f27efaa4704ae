"""Named tasks in one event loop: the first that fails ends the program, a signal ends it in order."""

import asyncio
import logging
import signal
from collections.abc import Coroutine
from typing import Any

from service_runtime.logs import event

_log = logging.getLogger(__name__)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; call it inside the running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def run_until_stopped(stop: asyncio.Event, tasks: dict[str, Coroutine[Any, Any, None]]) -> None:
    """Run all tasks until ``stop`` is set or one of them ends; then cancel the rest and wait for them.

    A task that raises makes this raise the same error; a task that merely returns before ``stop`` counts as a failure.
    """
    running = {asyncio.create_task(work, name=name) for name, work in tasks.items()}
    waiter = asyncio.create_task(stop.wait(), name="stop")
    try:
        done, _ = await asyncio.wait({*running, waiter}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*running, waiter):
            task.cancel()
        await asyncio.gather(*running, waiter, return_exceptions=True)
    for task in done - {waiter}:
        error = task.exception()
        event(_log, logging.ERROR, "task ended before the program was stopped", task=task.get_name(), error=error)
        raise error if error is not None else RuntimeError(f"task {task.get_name()} ended by itself")
