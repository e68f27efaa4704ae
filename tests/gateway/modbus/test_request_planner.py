"""Few requests, bounded gaps, and only listed blocks where only those are answered."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.sources.modbus.profile import Field, RegisterType, WordOrder
from gateway.sources.modbus.profile_files import load_profiles
from gateway.sources.modbus.request_planner import ReadRequest, merge_fields, plan_requests, plans_to_try, split_request


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
    assert plan_requests(profile, profile.fields_of(profile.registers["cod"]), 125) == [ReadRequest(3, 0x2600, 5)]


def test_a_limit_is_met_where_the_gap_is_widest() -> None:
    fields = [field(address) for address in (0, 2, 20, 22, 90, 92)]
    assert merge_fields(fields, 60, 80) == [ReadRequest(3, 0, 24), ReadRequest(3, 90, 4)]


def test_a_refused_request_is_split_at_its_widest_gap() -> None:
    fields = [field(0), field(6), field(8, "u16"), field(40)]
    assert split_request(ReadRequest(3, 0, 42), fields) == [ReadRequest(3, 0, 9), ReadRequest(3, 40, 2)]
    assert split_request(ReadRequest(3, 0, 9), fields) == [ReadRequest(3, 0, 2), ReadRequest(3, 6, 3)]


def test_a_refused_request_without_gaps_is_split_into_its_fields() -> None:
    fields = [field(6), field(8, "u16")]
    assert split_request(ReadRequest(3, 6, 3), fields) == [ReadRequest(3, 6, 2), ReadRequest(3, 8, 1)]


def test_a_meter_with_its_own_address_is_read_in_one_request_and_carefully_if_that_never_works() -> None:
    profile = load_profiles()["eastron-sdm630"]
    fields = [one for register in profile.registers.values() for one in profile.fields_of(register)]
    careful = [ReadRequest(4, 0, 8), ReadRequest(4, 52, 26)]
    assert plans_to_try(profile, fields, shares_line=False) == [[ReadRequest(4, 0, 78)], careful]
    assert plans_to_try(profile, fields, shares_line=True) == [careful]


def test_the_profiles_own_word_goes_first() -> None:
    profile = msgspec.structs.replace(load_profiles()["eastron-sdm630"], max_gap=0)
    fields = [profile.value_field(profile.registers[name]) for name in ("voltage", "current")]
    assert plans_to_try(profile, fields, shares_line=False) == [[ReadRequest(4, 0, 2), ReadRequest(4, 6, 2)]]


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


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from(list(RegisterType))), min_size=1, max_size=8),
    st.integers(0, 60),
    st.integers(4, 125),
)
def test_no_plan_is_cheaper_than_joining_neighbours_greedily(
    rows: list[tuple[int, RegisterType]], gap: int, most: int
) -> None:
    fields = sorted({Field(3, a, t, WordOrder.ABCD) for a, t in rows}, key=lambda x: (x.address, x.type.words))
    requests = merge_fields(fields, gap, most)
    assert sum(gap + request.size for request in requests) <= _greedy_cost(fields, gap, most)


def _greedy_cost(fields: list[Field], gap: int, most: int) -> int:
    reads: list[tuple[int, int]] = []
    for one in fields:
        end = one.address + one.type.words
        if reads and one.address - reads[-1][1] <= gap and max(end, reads[-1][1]) - reads[-1][0] <= most:
            reads[-1] = (reads[-1][0], max(end, reads[-1][1]))
        else:
            reads.append((one.address, end))
    return sum(gap + end - start for start, end in reads)
