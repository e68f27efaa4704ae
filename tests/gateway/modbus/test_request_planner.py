"""Few requests, bounded gaps, and only listed blocks where only those are answered."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.sources.modbus.profile import Field, RegisterType, WordOrder
from gateway.sources.modbus.profile_files import load_profiles
from gateway.sources.modbus.request_planner import ReadRequest, merge_fields, plan_requests, split_request


def field(address: int, kind: str = "f32", function: int = 3) -> Field:
    return Field(function, address, RegisterType(kind), WordOrder.ABCD)


def test_neighbours_come_in_one_request() -> None:
    assert merge_fields([field(0), field(2), field(4)], 0, 100) == [ReadRequest(3, 0, 6)]


def test_a_gap_is_read_over_only_up_to_its_bound() -> None:
    assert merge_fields([field(0), field(10)], 8, 100) == [ReadRequest(3, 0, 12)]
    assert merge_fields([field(0), field(11)], 8, 100) == [ReadRequest(3, 0, 2), ReadRequest(3, 11, 2)]


def test_function_codes_are_never_mixed() -> None:
    assert len(merge_fields([field(0), field(2, function=4)], 16, 100)) == 2


def test_a_request_stays_within_what_the_device_takes() -> None:
    fields = [field(address) for address in range(0, 200, 2)]
    assert [request.size for request in merge_fields(fields, 0, 80)] == [80, 80, 40]


def test_overlapping_fields_do_not_shorten_a_request() -> None:
    assert merge_fields([field(0, "u64"), field(0, "u16"), field(2, "u16")], 0, 100) == [ReadRequest(3, 0, 4)]


def test_blocks_are_asked_whole_and_only_when_needed() -> None:
    profile = load_profiles()["yosemitech-y551"]
    assert plan_requests(profile, profile.fields_of(profile.registers["cod"])) == [ReadRequest(3, 0x2600, 5)]


def test_a_refused_request_is_split_at_every_gap() -> None:
    fields = [field(0), field(6), field(8, "u16")]
    assert split_request(ReadRequest(3, 0, 9), fields) == [
        ReadRequest(3, 0, 2),
        ReadRequest(3, 6, 2),
        ReadRequest(3, 8, 1),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(list(RegisterType)), st.sampled_from([3, 4])), min_size=1),
    st.integers(0, 30),
    st.integers(4, 125),
)
def test_every_field_is_covered_by_a_request_of_legal_size(
    rows: list[tuple[int, RegisterType, int]], gap: int, most: int
) -> None:
    fields = sorted({Field(f, a, t, WordOrder.ABCD) for a, t, f in rows}, key=lambda x: (x.function, x.address))
    requests = merge_fields(fields, gap, most)
    assert all(any(request.holds(one) for request in requests) for one in fields)
    assert all(1 <= request.size <= most for request in requests)
