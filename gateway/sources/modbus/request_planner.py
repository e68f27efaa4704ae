"""Which reads to ask for: all wanted registers at the least cost, and no device asked for what it does not bear.

What another request costs is told in registers: a gap is read over when that costs less than asking once more. On
Ethernet that is nearly always so (85 us of the gateway's processor a request, 0.25 us a register). On a serial line
behind a bridge a register takes 2.3 ms at 9,600 baud and another request about 40 ms, and the line is shared.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from gateway.sources.modbus.profile import DeviceProfile, Field

SHARED_LINE_GAP = 16
"""Registers worth another request where several devices answer at one address: a bridge to a serial line."""
OWN_CONNECTION_GAP = 125
"""The same for a device with an address of its own: any gap a read can span."""


class ReadRequest(NamedTuple):
    """One read: function code, first address, number of registers."""

    function: int
    address: int
    size: int

    def holds(self, field: Field) -> bool:
        """Whether the whole value comes with this read."""
        end = field.address + field.type.words
        return self.function == field.function and self.address <= field.address and end <= self.address + self.size


def plans_to_try(profile: DeviceProfile, fields: Iterable[Field], shares_line: bool) -> list[list[ReadRequest]]:
    """The plan for this device, and a more careful one for a device that never answered it. The profile's own
    ``max_gap`` goes before what its place on the network suggests.
    """
    wanted = list(fields)
    gaps = (SHARED_LINE_GAP,) if shares_line else (OWN_CONNECTION_GAP, SHARED_LINE_GAP)
    if profile.max_gap is not None:
        gaps = (profile.max_gap,)
    plans = [plan_requests(profile, wanted, gap) for gap in gaps]
    return plans[:1] if plans[0] == plans[-1] else plans


def plan_requests(profile: DeviceProfile, fields: Iterable[Field], max_gap: int) -> list[ReadRequest]:
    """Reads that cover all fields. A profile with blocks gets exactly those blocks that are needed."""
    wanted = sorted(set(fields), key=lambda field: (field.function, field.address, field.type.words))
    if profile.blocks:
        blocks = [ReadRequest(b.function or profile.function, b.address, b.count) for b in profile.blocks]
        return [block for block in blocks if any(block.holds(field) for field in wanted)]
    return merge_fields(wanted, max_gap, profile.max_registers)


def merge_fields(fields: Iterable[Field], max_gap: int, max_registers: int) -> list[ReadRequest]:
    """The cheapest reads, another one costing as much as ``max_gap`` registers; ``fields`` sorted by function and
    address. Of plans that cost the same, the one with the fewest reads.
    """
    requests: list[ReadRequest] = []
    for function, group in groupby(fields, key=lambda field: field.function):
        requests += _cheapest(function, list(group), max_gap, max_registers)
    return requests


def _cheapest(function: int, fields: Sequence[Field], request_cost: int, max_registers: int) -> list[ReadRequest]:
    """From the last field to the first: the best reads from here on, over every end the first of them can have."""
    best: list[tuple[int, int, int]] = [(0, 0, 0)] * (len(fields) + 1)
    sizes = [0] * len(fields)
    for first in range(len(fields) - 1, -1, -1):
        start, size = fields[first].address, 0
        choices: list[tuple[int, int, int]] = []
        for last in range(first, len(fields)):
            size = max(size, fields[last].address + fields[last].type.words - start)
            if size > max_registers and last > first:
                break
            cost, count, _ = best[last + 1]
            choices.append((cost + request_cost + size, count + 1, -last))
        best[first] = min(choices)
        ends = fields[first : 1 - best[first][2]]
        sizes[first] = max(field.address + field.type.words for field in ends) - start
    requests: list[ReadRequest] = []
    at = 0
    while at < len(fields):
        requests.append(ReadRequest(function, fields[at].address, sizes[at]))
        at = 1 - best[at][2]
    return requests


def split_request(request: ReadRequest, fields: Iterable[Field]) -> list[ReadRequest]:
    """For a device that refused the joined read: the two parts beside the widest gap; without a gap, every field."""
    inside = sorted((f for f in set(fields) if request.holds(f)), key=lambda field: (field.address, field.type.words))
    parts = merge_fields(inside, max_gap=0, max_registers=request.size)
    if len(parts) < 2:
        return merge_fields(inside, max_gap=0, max_registers=max((f.type.words for f in inside), default=1))
    gaps = [after.address - before.address - before.size for before, after in pairwise(parts)]
    widest = gaps.index(max(gaps))
    left_end = parts[widest].address + parts[widest].size
    right = parts[widest + 1].address
    return [
        request._replace(address=parts[0].address, size=left_end - parts[0].address),
        request._replace(address=right, size=parts[-1].address + parts[-1].size - right),
    ]
