"""The demo park on ports of its own, polled at the pace of a test."""

import random

from deploy.local.ports import free_port_block
from deploy.local.workdir import PARKS, Workdir
from telemetry_model.park_register import Park

MAX_DEVICES = 64


def adopt_demo_park(workdir: Workdir, poll_seconds: float) -> Park:
    """Copied into the working folder; the ports begin anywhere, so that two runs at one time do not want the same."""
    first_port = free_port_block(MAX_DEVICES, random.randrange(15_020, 30_000))
    return workdir.adopt_park(PARKS / "bach-dang", first_port, poll_seconds=poll_seconds)
