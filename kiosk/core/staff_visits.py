"""Staff in a room that counts everyone: their badge at its door is their pass. Pure."""

import hashlib
from dataclasses import replace

from kiosk.core import visits
from kiosk.core.room_codes import Said
from kiosk.core.room_here import Decided, Guest, Here, Pass
from kiosk.core.values import Direction


def staff_pass(person_id: str) -> Pass:
    """What stands for somebody's badge among the passes, the same at every door of the room.

    The person is not in it, but whoever has a list of all ids can try them: it is no secret from those who know the staff.
    """
    return Pass(hashlib.sha256(f"staff:{person_id}".encode()).hexdigest())


def admitted(here: Here, person_id: str, direction: Direction) -> Decided:
    """Somebody was let through this door. Where it has no direction, whoever is inside leaves and whoever is not comes in.

    Nobody is kept out by it: FULL changes nothing but what a screen says, and the tap stands.
    """
    carried = staff_pass(person_id)
    is_inside = visits.visit_of(here, carried.token_sha256) is not None
    if direction is Direction.OUT or (direction is Direction.UNSTATED and is_inside):
        return _as_staff(visits.leave(here, carried)) if is_inside else Decided(Said.NOT_INSIDE)
    if is_inside:
        return Decided(Said.CHECKED)
    return visits.enter(here, Guest(who="staff"), carried)


def _as_staff(decided: Decided) -> Decided:
    # Of a visit that began at another door only the badge tells whose it was.
    return replace(decided, drafts=tuple(replace(each, payload={**each.payload, "who": "staff"}) for each in decided.drafts))
