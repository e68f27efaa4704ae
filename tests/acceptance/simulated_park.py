"""The demo park on ports of its own, polled at the pace of a test."""

from deploy.local.workdir import PARKS, Workdir
from telemetry_model.park_register import Park
from tests.servers.ports import free_port_block

MAX_DEVICES = 64


def adopt_demo_park(workdir: Workdir, poll_seconds: float) -> Park:
    """Copied into the working folder, on ports that two runs at one time do not both get."""
    return workdir.adopt_park(PARKS / "bach-dang", free_port_block(MAX_DEVICES), poll_seconds=poll_seconds)
