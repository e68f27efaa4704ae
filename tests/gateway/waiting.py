"""Bounded waits by condition for tests in the event loop."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Return as soon as the condition holds; ``TimeoutError`` naming ``what`` when it never does."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - what is waited for happens in other programs
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise TimeoutError(f"waited {seconds:g} s for {what}") from None
