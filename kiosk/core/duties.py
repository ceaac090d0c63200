"""Who may do what at this door. Roles come from the office; what a role may do is decided here, in one table."""

from enum import StrEnum


class Role(StrEnum):
    """What somebody who signs in is here for."""

    GUARD = "guard"
    DESK = "desk"
    HEAD = "head"
    ADMINISTRATOR = "administrator"


class Duty(StrEnum):
    """Something that a page of the guard's screen lets people do."""

    WATCH = "watch"
    DECIDE = "decide"
    RECORD_PRESENCE = "record_presence"
    EVACUATE = "evacuate"
    KEEP_LOG = "keep_log"
    HAND_OVER = "hand_over"
    PRINT_SHEET = "print_sheet"
    DECIDE_CORRECTIONS = "decide_corrections"
    RUN_ROOM = "run_room"
    ADMINISTER = "administer"


_GUARDING = frozenset(
    {Duty.WATCH, Duty.DECIDE, Duty.RECORD_PRESENCE, Duty.EVACUATE, Duty.KEEP_LOG, Duty.HAND_OVER, Duty.PRINT_SHEET, Duty.RUN_ROOM}
)
_DUTIES: dict[Role, frozenset[Duty]] = {
    Role.GUARD: _GUARDING,
    Role.DESK: frozenset({Duty.WATCH, Duty.EVACUATE, Duty.KEEP_LOG, Duty.RUN_ROOM}),
    Role.HEAD: frozenset({Duty.WATCH, Duty.EVACUATE, Duty.PRINT_SHEET, Duty.DECIDE_CORRECTIONS}),
    Role.ADMINISTRATOR: _GUARDING | {Duty.DECIDE_CORRECTIONS, Duty.ADMINISTER},
}


def may(role: str, duty: Duty) -> bool:
    """True if that role has that duty. A role this version does not know has none."""
    return role in _KNOWN and duty in _DUTIES[Role(role)]


_KNOWN = frozenset(Role)
