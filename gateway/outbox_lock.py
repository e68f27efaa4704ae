"""One outbox, one program: two gateways on one file would both number batches and send each other's as their own."""

import fcntl
import os
from pathlib import Path

from service_runtime.errors import OperatorError


def lock_outbox(path: Path) -> int:
    """Lock ``<path>.lock``; returns the descriptor to close at the end. A killed program lets go by itself.

    Readers of the SQLite file are not kept out. Raises :class:`OperatorError` when another program holds it,
    ``OSError`` when the place cannot be written.
    """
    # By its real path: a second name (a symbolic link) must not be a second lock.
    descriptor = os.open(f"{path.resolve()}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise OperatorError(f"outbox {path}: another gateway is using this file") from error
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
