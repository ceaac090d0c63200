import os
import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sync.ids import uuid7

WALL = datetime(2020, 6, 10, 0, 12, 0, 123_999, tzinfo=UTC)


@given(st.binary(min_size=10, max_size=10))
def test_every_name_is_a_uuid_of_version_7(chance: bytes) -> None:
    """Version and variant stand whatever the random bits are; the text is the usual 36 characters."""
    name = uuid7(WALL, lambda _: chance)
    parsed = uuid.UUID(name)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, name)
    assert parsed.int >> 80 == int(WALL.timestamp() * 1000)


def test_the_example_of_the_standard() -> None:
    """RFC 9562, appendix A.6."""
    chance = (0xCC3 << 68 | 0x18C4DC0C0C07398F & ((1 << 62) - 1)).to_bytes(10, "big")
    assert uuid7(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC), lambda _: chance) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_all_the_chance_is_used() -> None:
    """74 random bits: no two of many names of one millisecond are alike."""
    assert len({uuid7(WALL, os.urandom) for _ in range(2000)}) == 2000
    ones, zeros = (uuid.UUID(uuid7(WALL, lambda n, fill=fill: fill * n)).int for fill in (b"\xff", b"\x00"))  # type: ignore[misc]
    assert (ones ^ zeros).bit_count() == 74


def test_a_clock_before_1970_still_gives_names() -> None:
    """A battery that died long ago is no reason to lose a tap."""
    assert uuid7(datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=9), os.urandom).startswith("00000000-0000-7")
