"""Which InfluxDB answers, told by its headers, and what is said of each."""

import pytest

from telemetry_store.generation import LACKS, Generation, generation_of


@pytest.mark.parametrize(
    ("version", "build", "server", "generation"),
    [
        ("1.6.7~rc0", "OSS", "", Generation.V1_BEFORE_8),
        ("1.8.10", "OSS", "", Generation.V1),
        ("1.11.8", "OSS", "", Generation.V1),
        ("v2.7.12", "OSS", "", Generation.V2),
        ("2.7.12", "", "", Generation.V2),
        ("3.4.1", "Core", "", Generation.V3_CORE),
        ("3.4.1", "Enterprise", "", Generation.V3),
        ("unknown", "", "vm-1", Generation.VICTORIA_METRICS),
        ("unknown", "OSS", "", Generation.UNKNOWN),
        ("4.0.0", "OSS", "", Generation.UNKNOWN),
        ("", "", "", Generation.UNKNOWN),
    ],
)
def test_the_headers_tell_the_generation(version: str, build: str, server: str, generation: Generation) -> None:
    assert generation_of(version, build, server) is generation


def test_every_generation_says_what_it_lacks() -> None:
    assert set(LACKS) == set(Generation)
    assert all(LACKS.values())
