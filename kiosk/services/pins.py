"""PINs of guards: argon2id, with a pepper that lies outside the database; attempts are journaled before they are looked at."""

import functools
import hashlib
import hmac
import itertools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_FREE_TRIES = 3
_WAIT_S = (2, 4, 8, 15, 30, 60, 120, 300)

# 19 MiB and two passes: OWASP's smallest setting, about 50 ms on a desktop core. The count-keyed waits do the rest.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_pin(pin: str, pepper: bytes) -> str:
    """argon2id's encoded form of the peppered PIN."""
    return _hasher.hash(_peppered(pin, pepper))


def pin_is_right(pin_hash: str | None, pin: str, pepper: bytes) -> bool:
    """True if `pin` made `pin_hash`. A damaged hash is a wrong PIN. None (nobody's) takes as long to be wrong."""
    try:
        _hasher.verify(pin_hash or _nobodys_hash(), _peppered(pin, pepper))
    except (VerificationError, InvalidHashError):
        return False
    return pin_hash is not None


def wait_after(failures: int) -> int:
    """Seconds to wait after that many failures in a row. Keyed on the count, so pulling the plug resets nothing."""
    if failures < _FREE_TRIES:
        return 0
    return _WAIT_S[min(failures - _FREE_TRIES, len(_WAIT_S) - 1)]


def is_usable_pin(pin: str) -> bool:
    """Four to twelve digits, not all the same, not a straight run."""
    digits = [int(each) for each in pin] if pin.isascii() and pin.isdigit() else []
    steps = {b - a for a, b in itertools.pairwise(digits)}
    return 4 <= len(digits) <= 12 and steps not in ({0}, {1}, {-1})


@functools.cache
def _nobodys_hash() -> str:
    return _hasher.hash(b"")


def _peppered(pin: str, pepper: bytes) -> bytes:
    return hmac.new(pepper, pin.encode(), hashlib.sha256).digest()
