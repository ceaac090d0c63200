"""The desk of a room: how full it is, who is inside by number, who waits, and what people at the desk do about it."""

from collections.abc import Iterator
from typing import NamedTuple

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.services.room_views import FreeReason, RoomsView, RoomView, TicketRow, TicketState, VisitRow
from kiosk.web import desk_view
from kiosk.web.access import needs, signed_in
from kiosk.web.context import Door, rooms, the_door
from kiosk.web.desk_parts import (
    LONGEST_NOTE,
    asked_room,
    just_begun,
    one_line,
    page_of,
    sent_to,
    session_id,
    to_desk,
    whole_number,
    whole_page,
)
from kiosk.web.desk_view import Asked, Page
from kiosk.web.panel import clock_shown
from kiosk.web.streams import Fragment
from kiosk.web.texts import LANGUAGES

MOST_CARDS = 9999
_MANY = 1_000_000

desk = Blueprint("desk", __name__, url_prefix="/desk")


@desk.get("")
@needs(Duty.RUN_ROOM)
def page() -> str:
    """One room as it is at this moment; events keep it so."""
    view, asked = rooms().view(), _asked()
    room = desk_view.chosen(view, asked.room_id)
    lists = {} if room is None else _lists(room, asked)._asdict()
    return render_template("desk/page.html", asked=asked, begun=just_begun(room), **lists, **whole_page(view, room))


@desk.get("/events")
@needs(Duty.RUN_ROOM, page=False)
def events() -> Response:
    """The fragments of one room, each time one of them changes. They keep coming while the actions are locked."""
    screen = _Screen(the_door(), session_id(), str(session.get("language", LANGUAGES[0])), _asked())
    return the_door().audience.answer(rooms().views, screen.fragments, screen.beat)


@desk.get("/find")
@needs(Duty.RUN_ROOM)
def find() -> str | AnyResponse:
    """The visit or number that was meant, or all that may be meant."""
    view, room = asked_room()
    typed = request.args.get("q", "")[:60]
    visits, tickets = desk_view.find_visits(room, typed), desk_view.find_tickets(room, typed)
    if len(visits) + len(tickets) == 1:
        found = url_for("desk.visit", visit_id=visits[0].visit_id) if visits else _ticket_url(tickets[0])
        return redirect(found, 303)
    limited = {"visits": visits[: desk_view.VISITS_A_PAGE], "tickets": tickets[: desk_view.TICKETS_A_PAGE]}
    return render_template("desk/found.html", q=typed, **limited, **whole_page(view, room))


@desk.get("/visits/<visit_id>")
@needs(Duty.RUN_ROOM)
def visit(visit_id: str) -> str | AnyResponse:
    """Somebody inside, and what can be done about them."""
    view, room, row = _visit_here(visit_id)
    if room is None or row is None:
        return sent_to("desk.page", "room.said.no_such_visit")
    return render_template(
        "desk/visit.html",
        row=row,
        others=[each for each in view.rooms if each.room.id != room.room.id],
        reasons=[each for each in FreeReason if each is not FreeReason.OTHER],
        asks_card=_asks_card(room, row),
        longest=LONGEST_NOTE,
        **whole_page(view, room),
    )


@desk.post("/visits/<visit_id>/free")
@needs(Duty.RUN_ROOM, acting=True)
def free(visit_id: str) -> AnyResponse:
    """Free a place, with the reason and where the card is."""
    form, (_, room, row) = request.form, _visit_here(visit_id)
    if room is None or row is None:
        return sent_to("desk.page", "room.said.no_such_visit")
    if form.get("reason") not in set(FreeReason):
        return sent_to("desk.visit", "room.said.needs_reason", visit_id=visit_id)
    reason, note = FreeReason(form["reason"]), one_line(form.get("note", ""), LONGEST_NOTE)
    if reason is FreeReason.OTHER and not note:
        return sent_to("desk.visit", "desk.note_needed", visit_id=visit_id)
    if _asks_card(room, row) and form.get("card_here") not in ("yes", "no"):
        return sent_to("desk.visit", "desk.card_question", visit_id=visit_id)
    card_here = form.get("card_here") == "yes" and reason is not FreeReason.LOST_CARD
    return to_desk(rooms().free(visit_id, reason, by=signed_in(), note=note, card_here=card_here), room.room.id)


@desk.post("/visits/<visit_id>/move")
@needs(Duty.RUN_ROOM, acting=True)
def move(visit_id: str) -> AnyResponse:
    """From this room to another one."""
    return to_desk(rooms().move(visit_id, request.form.get("to", ""), by=signed_in()), _room_id())


@desk.get("/numbers/<ticket_id>")
@needs(Duty.RUN_ROOM)
def number(ticket_id: str) -> str | AnyResponse:
    """Somebody who waits, and what can be done about them."""
    view = rooms().view()
    for room in view.rooms:
        for row in (*room.called, *room.queue):
            if row.ticket_id == ticket_id:
                return render_template("desk/number.html", row=row, states=TicketState, **whole_page(view, room))
    return sent_to("desk.page", "room.said.no_such_number")


@desk.post("/numbers/next")
@needs(Duty.RUN_ROOM, acting=True)
def call_next() -> AnyResponse:
    """Call whoever is next."""
    return to_desk(rooms().call_next(_room_id(), by=signed_in()), _room_id())


@desk.post("/numbers/<ticket_id>/enter")
@needs(Duty.RUN_ROOM, acting=True)
def enter(ticket_id: str) -> AnyResponse:
    """Somebody who was called comes in, with a card or without."""
    typed = request.form.get("card", "")
    card = whole_number(typed, MOST_CARDS) if typed.strip() else None
    if typed.strip() and not card:
        return sent_to("desk.page", "desk.card_wrong", room=_room_id())
    return to_desk(rooms().enter_called(ticket_id, by=signed_in(), card=card), _room_id())


@desk.post("/numbers/<ticket_id>/call")
@needs(Duty.RUN_ROOM, acting=True)
def call_again(ticket_id: str) -> AnyResponse:
    """The number once more."""
    return to_desk(rooms().call_again(ticket_id, by=signed_in()), _room_id())


@desk.post("/numbers/<ticket_id>/pause")
@needs(Duty.RUN_ROOM, acting=True)
def pause(ticket_id: str) -> AnyResponse:
    """Their call does not run out."""
    return to_desk(rooms().pause_call(ticket_id, by=signed_in()), _room_id())


@desk.post("/numbers/<ticket_id>/skip")
@needs(Duty.RUN_ROOM, acting=True)
def skip(ticket_id: str) -> AnyResponse:
    """Out of the queue."""
    return to_desk(rooms().skip(ticket_id, by=signed_in()), _room_id())


@desk.post("/away/<subject_id>")
@needs(Duty.RUN_ROOM, acting=True)
def away(subject_id: str) -> AnyResponse:
    """Somebody, inside or waiting, leaves for a while."""
    return to_desk(rooms().step_away(subject_id, by=signed_in()), _room_id())


@desk.post("/back/<subject_id>")
@needs(Duty.RUN_ROOM, acting=True)
def come_back(subject_id: str) -> AnyResponse:
    """They are back."""
    return to_desk(rooms().come_back(subject_id, by=signed_in()), _room_id())


class _Screen:
    """One browser's view of a room. It is sent what has changed since it was sent last."""

    def __init__(self, door: Door, session_id: str, language: str, asked: Asked) -> None:
        self._door, self._session_id, self._language, self._asked = door, session_id, language, asked
        self._was_locked = door.sessions.is_locked(session_id)
        self._sent: dict[str, object] = {}

    def fragments(self, view: RoomsView) -> Iterator[Fragment]:
        """Each part of the room whose values are not those that were drawn last."""
        room = desk_view.chosen(view, self._asked.room_id)
        known = self._sent.setdefault("room", room is None or room.room.id)
        if self._is_over() or known != (room is None or room.room.id):
            yield "reload", ""
            return
        if room is None:
            return
        shown = {**_lists(room, self._asked)._asdict(), **page_of(view, room), "asked": self._asked}
        with force_locale(self._language):
            for name, value in parts(view, room, self._asked).items():
                if self._sent.get(name) != value:
                    self._sent[name] = value
                    yield name, render_template(f"desk/{name}.html", **shown)

    def beat(self) -> Iterator[Fragment]:
        """The clock, and the signs when one of them comes or goes."""
        health = self._door.station.guard.current().health
        with force_locale(self._language):
            yield "clock", render_template("partials/clock.html", health=health, **clock_shown())
            if self._sent.get("signs") != health:
                self._sent["signs"] = health
                yield "signs", render_template("desk/signs.html", health=health)
        if self._is_over() or self._was_locked != self._door.sessions.is_locked(self._session_id):
            yield "reload", ""

    def _is_over(self) -> bool:
        return self._door.sessions.guard(self._session_id) is None


def parts(view: RoomsView, room: RoomView, asked: Asked) -> dict[str, object]:
    """The fragments of the page by name, each with all that it is drawn from: equal values are drawn alike."""
    lists = _lists(room, asked)
    waiting = lists.queue
    doors = tuple((each.name, each.held, each.inside, each.waiting, each.connected or each.heard_at) for each in room.doors)
    places = (room.inside, room.places_left, room.usable, room.over_by, room.reserved, room.tied_up)
    to_accept = sum(each.accepted_at is None for each in view.drop_offs)
    return {
        "tabs": tuple((each.room, each.inside, desk_view.standing(each)) for each in view.rooms),
        "figure": (room.room, places, doors, tuple(each for each in room.visits if each.overridden)),
        "asks": (room.needs_count, desk_view.count_reason(room), room.closing_in_min, places),
        "notes": (room.checklist, to_accept),
        "acts": (bool(room.queue), room.places_left > 0),
        "called": desk_view.without_seconds(room.called),
        "queue": (desk_view.without_seconds(waiting.rows), waiting.number, waiting.pages, waiting.total),
        "visits": lists.visits,
        "doors": doors,
        "today": room.today,
    }


class _Lists(NamedTuple):
    """The two lists of a room, as far as one browser sees them."""

    visits: Page[VisitRow]
    queue: Page[TicketRow]


def _lists(room: RoomView, asked: Asked) -> _Lists:
    return _Lists(
        desk_view.part(desk_view.by_need(room.visits), asked.visits_page, desk_view.VISITS_A_PAGE),
        desk_view.part(room.queue, asked.queue_page, desk_view.TICKETS_A_PAGE),
    )


def _asked() -> Asked:
    args = request.args
    visits, queue = (whole_number(args.get(name, ""), _MANY) or 1 for name in ("visits", "queue"))
    return Asked(args.get("room", "")[:60], visits, queue)


def _visit_here(visit_id: str) -> tuple[RoomsView, RoomView | None, VisitRow | None]:
    view = rooms().view()
    for room in view.rooms:
        for row in room.visits:
            if row.visit_id == visit_id:
                return view, room, row
    return view, None, None


def _asks_card(room: RoomView, row: VisitRow) -> bool:
    """Where the card is matters in a room of several doors: it may turn up at another one."""
    return not room.is_lone and row.card is not None


def _ticket_url(ticket: TicketRow) -> str:
    return url_for("desk.number", ticket_id=ticket.ticket_id)


def _room_id() -> str:
    room_id = request.form.get("room", "")
    if rooms().view().room(room_id) is None:
        abort(404)
    return room_id
