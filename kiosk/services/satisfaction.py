"""Asking whoever has just left how it was: once for each showing of a pass, and of nobody by name."""

from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from kiosk.core.room_codes import Said
from kiosk.core.room_here import Draft
from kiosk.services.room_views import Done
from sync.clock import Moment
from sync.ids import RandomBytes
from sync.protocol.events import Kind
from sync.protocol.rooms import Room
from sync.protocol.satisfaction import Level

ASKED_S = 8
"""So long the panel shows the question."""
ANSWERED_WITHIN_S = 10
"""A finger that came down while the question was still there is in time."""

_LEFT = (Said.LEFT, Said.LEFT_UNKNOWN)
_NAME_BYTES = 16
_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """A showing that is asked about, until that monotonic time."""

    showing: str
    room_id: str
    until_ns: int


@dataclass
class AskingLeavers:
    """Knows whom the panel asks now, by a name of its own for each showing: what is journaled leads to no visit and no pass."""

    random_bytes: RandomBytes
    _asked: _Asked | None = field(default=None, init=False)
    _answered: str = field(default="", init=False)

    def heard(self, done: Done, room: Room | None, moment: Moment) -> Done:
        """`done` as the panel is to show it: whoever has just left such a room is asked. The one before is asked no longer."""
        if done.said not in _LEFT or room is None or not room.asks_satisfaction:
            self._asked = None
            return done
        asked = _Asked(self.random_bytes(_NAME_BYTES).hex(), room.id, moment.mono_ns + ANSWERED_WITHIN_S * _S)
        self._asked = asked
        return replace(done, showing=asked.showing)

    def rate(self, zone: ZoneInfo, moment: Moment, showing: str, level: Level) -> tuple[tuple[Draft, ...], Done]:
        """The answer to that showing, if it is the one that is asked about."""
        if showing and showing == self._answered:
            return (), Done(Said.ALREADY_RATED)
        asked = self._asked
        if asked is None or showing != asked.showing or moment.mono_ns >= asked.until_ns:
            return (), Done(Said.RATED_LATE)
        self._asked, self._answered = None, showing
        day = moment.wall.astimezone(zone).date().isoformat()
        draft = Draft(Kind.VISITOR_RATED, {"room_id": asked.room_id, "level": str(level), "day": day})
        return (draft,), Done(Said.RATED, asked.room_id)
