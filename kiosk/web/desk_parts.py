"""What the desk's pages share: which room they are about, what they are drawn from, and how answers are said."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, request, session, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty, may
from kiosk.services.log_book import cleaned
from kiosk.services.printing import Fate
from kiosk.services.room_view import label_of
from kiosk.services.room_views import Done, RoomsView, RoomView, Said, Visitor, WaitRange
from kiosk.web import desk_view
from kiosk.web.context import rooms, the_door
from kiosk.web.desk_view import Standing
from kiosk.web.presence import framed
from kiosk.web.slip_errands import errand_for
from kiosk.web.texts import clock_text
from sync.protocol.rooms import PassKind, Room, Service

MOST_PEOPLE, LONGEST_NAME, LONGEST_NOTE = 500, 80, 300
UNDO_S = 60
_SLIP_WITHIN_S = 0.8
"""Whoever waits at the desk waits so long for the printer's answer. What it says later is a sign on the screen."""
_JUST = "desk_just"
"""In the session: the visit that this screen began last, and when."""


def asked_room() -> tuple[RoomsView, RoomView]:
    """All rooms, and the one that the request names; 404 for one that is not at this door."""
    view = rooms().view()
    room = view.room(request.values.get("room", ""))
    if room is None:
        abort(404)
    return view, room


def page_of(view: RoomsView, room: RoomView | None) -> dict[str, object]:
    """What every page of the desk is drawn from, whole or in fragments."""
    door = the_door()
    shown: dict[str, object] = {"view": view, "room": room, "name_of": name_of, "minutes": minutes_words, "time_of": time_words}
    shown |= {"locked": door.sessions.is_locked(session_id()), "guard_of": guard_name, "state_words": state_words}
    if room is not None:
        state = desk_view.standing(room)
        tone, drawing = desk_view.LOOKS[state]
        shown |= {"standing": state, "tone": tone, "drawing": drawing, "by_card": room.room.pass_kind is PassKind.CARD}
        shown |= {"out_of_reach": desk_view.out_of_reach(room), "count_reason": desk_view.count_reason(room)}
        shown |= {"silent": desk_view.silent_doors(room), "closes_soon": desk_view.closes_soon(room)}
    return shown


def whole_page(view: RoomsView, room: RoomView | None) -> dict[str, object]:
    """The same with what the frame around it needs."""
    return {**page_of(view, room), **framed()}


def guard_name(guard_id: str) -> str:
    """The name of somebody who acted."""
    return next((each.name for each in the_door().station.guards() if each.id == guard_id), guard_id)


def state_words(room: RoomView) -> str:
    """`Sisa tempat: 3`, `PENUH`, `melebihi 1`: how the room stands at this door."""
    state = desk_view.standing(room)
    count = {Standing.FREE: room.places_left, Standing.KEPT: room.reserved, Standing.OVER: room.over_by}.get(state, 0)
    return str(gettext(f"desk.is.{state}", count=count))


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room in one line, for the guard's screen. `is_taken`: nobody gets in but on a person's word."""

    room_id: str
    name: str
    count: str
    words: str
    tone: str
    drawing: str
    is_taken: bool


def room_lines() -> list[RoomLine]:
    """Every room of this door in one line; none where whoever is signed in has nothing to do with rooms."""
    door = the_door()
    guard = door.sessions.guard(session_id())
    if door.rooms is None or guard is None or not may(guard.role, Duty.RUN_ROOM):
        return []
    return [
        RoomLine(
            each.room.id,
            name_of(each.room),
            f"{each.inside}/{each.room.max_people}",
            state_words(each),
            *desk_view.LOOKS[desk_view.standing(each)],
            each.places_left == 0,
        )
        for each in door.rooms.views.current().rooms
    ]


def name_of(named: Room | Service) -> str:
    """A room's or a service's name in the language of the page."""
    return named.name_en if named.name_en and str(get_locale()) == "en" else named.name


def minutes_words(wait: WaitRange | None) -> str:
    """`5–10 menit`; that nothing can be said yet, for None."""
    if wait is None:
        return str(gettext("desk.wait.unknown"))
    if wait.from_min == wait.to_min:
        return str(gettext("desk.minutes", count=wait.to_min))
    return str(gettext("desk.wait.range", least=wait.from_min, most=wait.to_min))


def time_words(moment: datetime) -> str:
    """`07.12 WIB`."""
    return clock_text(moment, the_door().station.time_zone)


def label_words(card: int | None, number: str | None, visit_id: str | None = None) -> str:
    """What somebody is called by: their card, else their number, else what their visit is called by."""
    if card is not None:
        return str(gettext("desk.card", number=card))
    return number or (str(gettext("desk.no_card")) if visit_id is None else label_of(visit_id))


def said(done: Done) -> str:
    """The sentence for an answer: at the desk's own words where it was done, else why it was not."""
    values: dict[str, object] = {
        "number": done.number or "",
        "card": "" if done.card is None else done.card,
        "people": done.people,
        "ahead": done.ahead,
        "receipt": done.receipt or "",
        "label": label_words(done.card, done.number, done.visit_id),
        "wait": minutes_words(done.wait),
        "places": "" if done.places_left is None else done.places_left,
        "time": "–" if done.in_use_since is None else time_words(done.in_use_since),
    }
    return str(gettext(f"desk.done.{done.said}" if done.ok else f"room.said.{done.said}", **values))


def to_desk(done: Done, room_id: str) -> AnyResponse:
    """Back to the room, with what became of what was asked."""
    if done.visit_id is not None and done.said in (Said.ENTERED, Said.OVERRIDDEN):
        session[_JUST] = [done.visit_id, the_door().now().timestamp()]
    flash(said(done), "good" if done.ok else "problem")
    _print(done)
    return redirect(url_for("desk.page", room=room_id), 303)


def _print(done: Done) -> None:
    """Have the slip printed that goes with what was done, if any; say so where it is known at once that it is not on paper."""
    door = the_door()
    errand = None if door.slips is None else errand_for(done, rooms().view(), door.now())
    order = None if door.slips is None or errand is None else door.slips.order(errand)
    if order is not None and order.wait(_SLIP_WITHIN_S) is Fate.NOT_PRINTED:
        flash(str(gettext("desk.no_slip", state=gettext(f"printer.{order.condition}"))), "problem")


def sent_to(endpoint: str, words: str, **where: Any) -> AnyResponse:
    """To a page of the desk, with one sentence about what is missing."""
    flash(str(gettext(words)), "problem")
    return redirect(url_for(endpoint, **where), 303)


def just_begun(room: RoomView | None) -> str | None:
    """The visit that this screen began within the last minute and that is still open: it can be taken back."""
    visit_id, at = session.get(_JUST, ("", 0.0))
    if room is None or not 0 <= the_door().now().timestamp() - at <= UNDO_S:
        return None
    return str(visit_id) if any(each.visit_id == visit_id for each in room.visits) else None


def session_id() -> str:
    """The session that the request came with."""
    return str(session.get("sid", ""))


def whole_number(text: str, most: int) -> int | None:
    """0 to `most`, from what was typed; None for anything else."""
    typed = text.strip()
    return int(typed) if typed.isdecimal() and typed.isascii() and len(typed) <= 6 and int(typed) <= most else None


def one_line(text: str, longest: int) -> str:
    """What was typed, on one line and not too long."""
    return " ".join(cleaned(text).split())[:longest]


def typed_visitor() -> Visitor | None:
    """The visitor that a form tells of; None without a number of people."""
    form = request.form
    people = whole_number(form.get("people", ""), MOST_PEOPLE)
    if not people:
        return None
    return Visitor(
        people=people,
        name=one_line(form.get("name", ""), LONGEST_NAME),
        purpose=one_line(form.get("purpose", ""), LONGEST_NAME),
        priority=form.get("priority") == "yes",
    )
