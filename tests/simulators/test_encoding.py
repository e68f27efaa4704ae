"""Number formats and word orders, against bytes written out by hand."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.devices.encoding import Register, WordOrder, encode, reader_of


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (WordOrder.ABCD, (0x4212, 0x806B)),
        (WordOrder.CDAB, (0x806B, 0x4212)),
        (WordOrder.DCBA, (0x6B80, 0x1242)),
    ],
)
def test_a_float_in_three_orders(order: WordOrder, words: tuple[int, int]) -> None:
    assert encode(Register(0, "f32", "flow", 1.0, order), 36.625408172607422) == words


@pytest.mark.parametrize(
    ("kind", "scale", "value", "words"),
    [
        ("u16", 0.1, 12.3, (123,)),
        ("i16", 0.1, -12.3, (0x10000 - 123,)),
        ("u32", 0.1, 10_000.0, (1, 0x86A0)),
        ("i64", 0.001, 1.5, (0, 0, 0, 1500)),
        ("f64", 0.001, 1.0, (0x408F, 0x4000, 0, 0)),
    ],
)
def test_a_scaled_number(kind: str, scale: float, value: float, words: tuple[int, ...]) -> None:
    assert encode(Register(0, kind, "x", scale), value) == words


@pytest.mark.parametrize(
    ("kind", "highest", "words"),
    [
        ("u16", False, (0xFFFF,)),
        ("i16", False, (0x8000,)),
        ("i32", True, (0x7FFF, 0xFFFF)),
        ("u64", True, (0xFFFF,) * 4),
        ("acc32", False, (0, 0)),
        ("f32", False, (0x7FC0, 0)),
    ],
)
def test_not_available_marks(kind: str, highest: bool, words: tuple[int, ...]) -> None:
    assert encode(Register(0, kind, "x"), None, highest) == words


def test_an_accumulator_rolls_over() -> None:
    assert encode(Register(0, "acc32", "x", 0.001, counts=True), 2**32 / 1000 + 0.005) == (0, 5)


def test_an_integer_too_large_for_its_register_is_clipped() -> None:
    assert encode(Register(0, "u16", "x"), 70_000.0) == (0xFFFF,)


def test_a_totalizer_does_not_round_up() -> None:
    assert reader_of(Register(0, "u32", "x", counts=True))(41.999) == 41.0


def test_a_totalizer_does_not_lose_a_count_to_binary_fractions() -> None:
    assert reader_of(Register(0, "u32", "mass", 0.001, counts=True))(18375.419) == 18375.419


def test_a_float_reads_as_its_shortest_decimal() -> None:
    assert reader_of(Register(0, "f32", "x"))(8.1) == 8.1


def test_an_f32_energy_is_coarse_at_large_totals() -> None:
    read = reader_of(Register(0, "f32", "x"))
    assert read(16_777_217.0) == 16_777_216.0


@given(st.floats(0, 1e7), st.floats(0, 10))
def test_reading_never_makes_a_counter_fall(value: float, gain: float) -> None:
    for kind, scale in (("f32", 1.0), ("f32", 0.001), ("u32", 0.01), ("i64", 0.001), ("f64", 0.001)):
        read = reader_of(Register(0, kind, "x", scale, counts=kind not in ("f32", "f64")))
        assert read(value + gain) >= read(value)


@given(st.floats(-1e6, 1e6, width=32))
def test_a_float_reads_as_the_same_f32(value: float) -> None:
    read = reader_of(Register(0, "f32", "x"))(value)
    assert struct.pack(">f", read) == struct.pack(">f", value)
    assert math.isfinite(read)
