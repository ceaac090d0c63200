"""Codes of rooms that screens have words for."""

from enum import StrEnum


class Said(StrEnum):
    """How an action ended. Each has a sentence, `room.said.<code>`, in the catalogs."""

    ENTERED = "entered"
    """A place was free and is taken."""
    JUST_ENTERED = "just_entered"
    """The pass was shown again so soon that nobody means to leave: nothing changes."""
    WAITING = "waiting"
    """No place is free: a number was given."""
    SHOW_CARD = "show_card"
    """A place is free: take a card from the box and show it to the camera."""
    LEFT = "left"
    LEFT_UNKNOWN = "left_unknown"
    """The exit is recorded; the door where the visit began frees the place on hearing of it."""
    FREED = "freed"
    FREED_LATER = "freed_later"
    """The visit is over, but its card may be at another door: the place comes free with the card or with a head count."""
    CALLED = "called"
    SKIPPED = "skipped"
    AWAY = "away"
    BACK = "back"
    MOVED = "moved"
    OVERRIDDEN = "overridden"
    SWEPT = "swept"
    COUNTED = "counted"
    RECEIVED = "received"
    """A file was dropped off and has a receipt number."""
    ACCEPTED = "accepted"
    CHECKED = "checked"
    RATED = "rated"
    """Whoever has just left said how it was."""
    # What could not be done, and why
    ALREADY_RATED = "already_rated"
    RATED_LATE = "rated_late"
    """Nobody has just left, or somebody else has come to the panel since."""
    ALREADY_LEFT = "already_left"
    """The pass was shown again after its visit was over."""
    NOT_INSIDE = "not_inside"
    """Somebody leaves who has not entered here, as far as anybody knows."""
    CARD_IN_USE = "card_in_use"
    CARD_OTHER_ROOM = "card_other_room"
    CARD_RETIRED = "card_retired"
    OLD_PASS = "old_pass"
    """The pass is of another day, or its visit was swept or counted out."""
    UNKNOWN_PASS = "unknown_pass"
    FULL = "full"
    GROUP_TOO_LARGE = "group_too_large"
    """More people than the room ever holds."""
    NO_SUCH_ROOM = "no_such_room"
    NO_SUCH_VISIT = "no_such_visit"
    NO_SUCH_NUMBER = "no_such_number"
    NOT_YOUR_TURN = "not_your_turn"
    NEEDS_REASON = "needs_reason"
    DOORS_NOT_SHUT = "doors_not_shut"
    """A head count needs somebody's word that every other door of the room is shut."""
    CLOSED = "closed"
    """The service is suspended today."""
    ONLINE_ONLY = "online_only"
    QUOTA_REACHED = "quota_reached"
    PRINTER_OUT = "printer_out"
    """The number or the visit stands; the slip could not be printed."""
    OUT_OF_SERVICE = "out_of_service"


class TicketState(StrEnum):
    """Where somebody with a number stands."""

    WAITING = "waiting"
    CALLED = "called"
    AWAY = "away"
    MISSED = "missed"
    """Called once and not come: keeps the turn once."""


class FreeReason(StrEnum):
    """Why the desk frees a place."""

    FORGOT = "forgot"
    SEEN_LEAVING = "seen_leaving"
    LOST_CARD = "lost_card"
    MISTAKE = "mistake"
    OTHER = "other"


class OverrideReason(StrEnum):
    """Why somebody is let into a full room."""

    COMPANION = "companion"
    EMERGENCY = "emergency"
    OFFICIAL = "official"
    COUNT_WRONG = "count_wrong"
    OTHER = "other"
