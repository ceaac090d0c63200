"""What the panel says when a pass was shown to the camera, for so long as it says it."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from kiosk.core.values import Sound
from kiosk.services.room_views import Done, Rooms, RoomsView, Said
from kiosk.services.satisfaction import ASKED_S
from kiosk.web.faces import Face, Tone
from sync.clock import Clock

SHOWN_S = 4
_S = 1_000_000_000

_IN = Face(Tone.GOOD, "tick", "verdict.admit", sound=Sound.ACCEPTED)
_OUT = Face(Tone.GOOD, "tick", "visitor.bye", sound=Sound.ACCEPTED)
_NOTED = Face(Tone.GOOD, "tick", "visitor.recorded", sound=Sound.ACCEPTED)
_AGAIN = Face(Tone.CALM, "again", "visitor.bye", sound=Sound.ATTENTION)
_WAIT = Face(Tone.WAIT, "hourglass", "visitor.please_wait", sound=Sound.FULL)
_SORRY = Face(Tone.ATTENTION, "question", "visitor.sorry", sound=Sound.ATTENTION)
_OFF = Face(Tone.OFF, "wrench", "visitor.sorry", sound=Sound.ATTENTION)
_FACES = {
    Said.ENTERED: _IN,
    Said.JUST_ENTERED: _IN,
    Said.OVERRIDDEN: _IN,
    Said.BACK: _IN,
    Said.LEFT: _OUT,
    Said.LEFT_UNKNOWN: _OUT,
    Said.RATED: _OUT,
    Said.ALREADY_LEFT: _AGAIN,
    Said.ALREADY_RATED: _AGAIN,
    Said.RATED_LATE: _AGAIN,
    Said.WAITING: _WAIT,
    Said.NOT_YOUR_TURN: _WAIT,
    Said.FULL: _WAIT,
    Said.SHOW_CARD: _NOTED,
    Said.AWAY: _NOTED,
    Said.RECEIVED: _NOTED,
    Said.CALLED: _IN,
    Said.OUT_OF_SERVICE: _OFF,
}


def pass_face(said: Said) -> Face:
    """Colour, shape, word and sound of an answer; its sentence is `room.said.<code>`."""
    return _FACES.get(said, _SORRY)


@dataclass(frozen=True, slots=True)
class Passed:
    """A pass that has just been shown: what came of it, which one it is since the start (for its sound), and the minutes
    inside where they are known.
    """

    done: Done
    count: int
    minutes: int | None = None

    @property
    def face(self) -> Face:
        return pass_face(self.done.said)


@dataclass(slots=True)
class PassWatch:
    """Knows since when the panel shows what the last pass led to. What was there at the start was for somebody long gone."""

    rooms: Rooms
    clock: Clock
    _last: Done | None = field(init=False)
    _count: int = 0
    _until_ns: int = 0
    _minutes: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._last = self.rooms.scanned().current()

    def look(self) -> Passed | None:
        """What is to be shown now."""
        with self._lock:
            done, now = self.rooms.scanned().current(), self.clock.now()
            if done is not self._last:
                self._last, self._count, self._until_ns = done, self._count + 1, now.mono_ns + _shown_s(done) * _S
                self._minutes = None if done is None else _minutes_inside(done, self.rooms.views.current(), now.wall)
            shown = done is not None and now.mono_ns < self._until_ns
            return Passed(done, self._count, self._minutes) if done is not None and shown else None


def _shown_s(done: Done | None) -> int:
    return SHOWN_S if done is None or done.showing is None else ASKED_S


def _minutes_inside(done: Done, view: RoomsView, now: datetime) -> int | None:
    """How long a visit lasted that has just ended; None where nobody can be sure."""
    if done.said not in (Said.LEFT, Said.LEFT_UNKNOWN) or done.in_use_since is None or not view.clock_trusted:
        return None
    minutes = int((now - done.in_use_since).total_seconds() // 60)
    return minutes if minutes >= 0 else None
