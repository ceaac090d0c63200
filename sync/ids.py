"""Names for records: UUIDv7. A name, never an order; the wall clock in it may be wrong."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

RandomBytes = Callable[[int], bytes]
"""Gives that many random bytes; `os.urandom` in programs, a seeded generator in simulations."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(wall: datetime, random_bytes: RandomBytes) -> str:
    """A UUIDv7 (RFC 9562) of that wall time, as 36 lower-case characters."""
    unix_ms = max(0, (wall - _EPOCH) // timedelta(milliseconds=1)) & ((1 << 48) - 1)
    tail = int.from_bytes(random_bytes(10), "big")
    rand_a, rand_b = tail >> 68, tail & ((1 << 62) - 1)
    digits = f"{unix_ms << 80 | 0x7 << 76 | (rand_a & 0xFFF) << 64 | 0b10 << 62 | rand_b:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
