"""What the panel and the visitors' pages share where a door has rooms or services."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask, current_app

from kiosk.services.printing import Printing
from kiosk.services.room_views import Rooms, TicketRow
from kiosk.services.views import Stream
from kiosk.web.here import is_here
from kiosk.web.passed import Passed, PassWatch
from kiosk.web.slip_errands import SlipErrands, SlipState
from kiosk.web.visitor_go import Goes
from kiosk.web.visitor_tiles import tiles
from sync.clock import Clock

_KEY = "gapura-visiting"


@dataclass(frozen=True, slots=True)
class Visiting:
    """The rooms, the one go there is, and the pass that was shown last."""

    rooms: Rooms
    goes: Goes
    watch: PassWatch
    slips: SlipErrands


@dataclass(frozen=True, slots=True)
class Offered:
    """What the idle panel offers to who is no staff: a way in, a way out, and the numbers that are called."""

    way_in: bool
    way_out: bool
    called: tuple[TicketRow, ...]


def install(app: Flask, rooms: Rooms, clock: Clock, slips: Printing | None) -> None:
    """Give the app its rooms, for `visiting()`. `slips` None: nothing is printed."""
    app.extensions[_KEY] = Visiting(rooms, Goes(clock, rooms), PassWatch(rooms, clock), SlipErrands(slips))


def visiting() -> Visiting | None:
    """None where the door has no rooms, and in browsers that do not stand at it."""
    found = current_app.extensions.get(_KEY)
    return found if isinstance(found, Visiting) and is_here() else None


def passed() -> Passed | None:
    """The pass that the panel speaks about now."""
    found = visiting()
    return None if found is None else found.watch.look()


def offered() -> Offered | None:
    """What the panel offers now; None where there is nothing for visitors."""
    found = visiting()
    if found is None:
        return None
    view = found.rooms.views.current()
    called = tuple(row for room in view.rooms for row in room.called)
    return Offered(bool(tiles(view)), bool(view.rooms), called)


@dataclass(frozen=True, slots=True)
class SlipShown:
    """The slip of the go there is, for its page."""

    state: SlipState
    kind: str
    language: str


def slip_shown() -> SlipShown | None:
    """None while nobody waits for a slip."""
    found = visiting()
    go = None if found is None else found.goes.current()
    if found is None or go is None or go.done is None:
        return None
    state = found.slips.state(go.id)
    kind = "receipt" if go.done.receipt else "pass" if go.done.pass_code else "number"
    return SlipShown(state, kind, go.language) if state else None


def streams() -> Iterator[Stream[object]]:
    """Whose changes the panel shows besides its own."""
    found = visiting()
    if found is not None:
        yield found.rooms.views
        yield found.rooms.scanned()
