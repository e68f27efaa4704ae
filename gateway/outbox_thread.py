"""Lets the event loop use the outbox: every call runs, in order, in one worker thread, so no disk stalls a poll."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.outbox import Outbox

T = TypeVar("T")


class OutboxThread:
    """Owns the thread; the outbox itself is opened and closed by the caller."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox")

    async def call(self, work: Callable[[Outbox], T]) -> T:
        """Run ``work(outbox)``. Once handed over it completes, even when the caller is cancelled meanwhile."""
        handed_over = asyncio.get_running_loop().run_in_executor(self._executor, work, self._outbox)
        return await asyncio.shield(handed_over)

    def close(self) -> None:
        """Finish what was handed over."""
        self._executor.shutdown(wait=True)
