"""SIGTERM as an exception, so that what was begun is ended in order: children stopped, temporary files removed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_TERMINATED = 143
"""As shells have it: 128 and the number of SIGTERM."""


class Terminated(BaseException):
    """Someone wants this program to end. No error, so that nothing that handles errors takes it for one."""


@contextmanager
def raising_on_sigterm() -> Iterator[None]:
    """Within it SIGTERM raises :class:`Terminated`, once; only in the main thread, as Python has it for signals."""

    def end(_number: int, _frame: FrameType | None) -> None:
        ignore_sigterm()
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def ignore_sigterm() -> None:
    """From now on: what is being ended already needs no second word, which would break it off half way."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
