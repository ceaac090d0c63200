"""How long somebody with a number may have to wait: a range from recent visits, or nothing where too little is known. Pure."""

import math
from collections.abc import Sequence

_ENOUGH = 5
_STEP_MIN = 5
_LONGEST_MIN = 240


def expected_wait_min(places_needed: int, inside: int, stays_s: Sequence[int]) -> tuple[int, int] | None:
    """Minutes, from and to in steps of five, until `places_needed` places have come free with `inside` people in the room.

    The quarter of recent visits that were shorter give the lower end, the quarter that were longer the upper one. None with
    fewer than five visits to go by, or where the range would say nothing.
    """
    if places_needed <= 0:
        return 0, _STEP_MIN
    if len(stays_s) < _ENOUGH or inside <= 0:
        return None
    stays = sorted(stays_s)
    rounds = places_needed / inside
    low_s, high_s = stays[len(stays) // 4] * rounds, stays[(3 * len(stays)) // 4] * rounds
    from_min = int(low_s / 60 // _STEP_MIN * _STEP_MIN)
    to_min = max(from_min + _STEP_MIN, math.ceil(high_s / 60 / _STEP_MIN) * _STEP_MIN)
    return (from_min, to_min) if to_min <= _LONGEST_MIN else None
