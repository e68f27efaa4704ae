"""Which reads to ask for: all wanted registers in few requests, and no device asked for a gap it does not bear."""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.sources.modbus.profile import DeviceProfile, Field


class ReadRequest(NamedTuple):
    """One read: function code, first address, number of registers."""

    function: int
    address: int
    size: int

    def holds(self, field: Field) -> bool:
        """Whether the whole value comes with this read."""
        end = field.address + field.type.words
        return self.function == field.function and self.address <= field.address and end <= self.address + self.size


def plan_requests(profile: DeviceProfile, fields: Iterable[Field]) -> list[ReadRequest]:
    """Reads that cover all fields. A profile with blocks gets exactly those blocks that are needed."""
    wanted = sorted(set(fields), key=lambda field: (field.function, field.address, field.type.words))
    if profile.blocks:
        blocks = [ReadRequest(b.function or profile.function, b.address, b.count) for b in profile.blocks]
        return [block for block in blocks if any(block.holds(field) for field in wanted)]
    return merge_fields(wanted, profile.max_gap, profile.max_registers)


def merge_fields(fields: Iterable[Field], max_gap: int, max_registers: int) -> list[ReadRequest]:
    """Neighbours joined while the unread gap and the whole stay small; ``fields`` sorted by function and address."""
    requests: list[ReadRequest] = []
    for field in fields:
        end = field.address + field.type.words
        if requests:
            last = requests[-1]
            last_end = last.address + last.size
            joined = max(end, last_end) - last.address
            if field.function == last.function and field.address - last_end <= max_gap and joined <= max_registers:
                requests[-1] = last._replace(size=joined)
                continue
        requests.append(ReadRequest(field.function, field.address, field.type.words))
    return requests


def split_request(request: ReadRequest, fields: Iterable[Field]) -> list[ReadRequest]:
    """The same fields without any gap, for a device that refused the joined read."""
    inside = sorted((f for f in set(fields) if request.holds(f)), key=lambda field: field.address)
    return merge_fields(inside, max_gap=0, max_registers=max((f.type.words for f in inside), default=1))
